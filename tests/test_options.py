"""Options: what the constructor accepts and refuses, where values come from, what is shown."""

from __future__ import annotations

import copy
import pickle
import ssl
import sys
import traceback

import pytest

from ironflow import IronflowClient

from .conftest import KEY


def shown_url(client):
    return repr(client).partition("server_url='")[2].partition("'")[0]


def test_the_defaults_are_the_documented_ones():
    assert repr(IronflowClient()) == (
        "IronflowClient(server_url='http://localhost:9123', api_key=None, timeout=30.0)"
    )
    options = IronflowClient()._options
    assert (options.timeout, options.max_attempts, options.max_retry_after) == (30.0, 3, 60.0)
    assert (options.total_timeout, options.refusal_statuses) == (None, frozenset())
    assert options.retry_methods == {"DELETE", "GET", "HEAD", "OPTIONS", "PUT"}
    assert (options.initial_backoff, options.max_backoff) == (0.1, 10.0)
    assert (options.backoff_factor, options.max_response_bytes) == (2.0, 67108864)


def test_published_scripts_can_give_url_key_and_timeout_by_position():
    client = IronflowClient("http://h:1", KEY, 5)
    assert shown_url(client) == "http://h:1"
    assert "api_key=set, timeout=5" in repr(client)


def test_every_option_of_published_scripts_is_accepted():
    client = IronflowClient(
        server_url="http://h:1",
        api_key=KEY,
        timeout=1,
        total_timeout=20.0,
        max_attempts=1,
        retry_methods=["get", "POST"],
        initial_backoff=0,
        max_backoff=0.5,
        backoff_factor=1,
    )
    assert "total_timeout=20.0, max_attempts=1, retry_methods=['GET', 'POST']" in repr(client)


def test_an_argument_wins_over_the_environment_which_wins_over_the_default(monkeypatch, server):
    monkeypatch.setenv("IRONFLOW_SERVER_URL", server.url)
    monkeypatch.setenv("IRONFLOW_API_KEY", "ifkey_from_environment")
    monkeypatch.setenv("IRONFLOW_ENV", "staging")
    IronflowClient().runs_list()
    assert server.last.headers["authorization"] == "Bearer ifkey_from_environment"
    assert server.last.headers["x-ironflow-environment"] == "staging"
    IronflowClient(server.url, api_key="ifkey_given", environment="production").runs_list()
    assert server.last.headers["authorization"] == "Bearer ifkey_given"
    assert server.last.headers["x-ironflow-environment"] == "production"
    assert shown_url(IronflowClient("http://given:1")) == "http://given:1"


def test_an_empty_string_switches_a_setting_of_the_environment_off(monkeypatch, server):
    monkeypatch.setenv("IRONFLOW_API_KEY", "ifkey_from_environment")
    monkeypatch.setenv("IRONFLOW_ENV", "staging")
    IronflowClient(server.url, api_key="", environment="").runs_list()
    assert "authorization" not in server.last.headers
    assert "x-ironflow-environment" not in server.last.headers


def test_an_empty_environment_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("IRONFLOW_SERVER_URL", "")
    monkeypatch.setenv("IRONFLOW_API_KEY", "")
    assert shown_url(IronflowClient()) == "http://localhost:9123"
    assert "api_key=None" in repr(IronflowClient())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://localhost:9123/", "http://localhost:9123"),
        ("https://api.example.com", "https://api.example.com"),
        ("HTTPS://API.example.com", "https://API.example.com"),
        ("http://gateway/ironflow/", "http://gateway/ironflow"),
        ("http://[::1]:9123", "http://[::1]:9123"),
        ("http://h:", "http://h"),
        ("http://xn--bcher-kva.example", "http://xn--bcher-kva.example"),
    ],
)
def test_a_server_url_is_kept_without_what_is_needless(given, kept):
    assert shown_url(IronflowClient(given)) == kept


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "needs a scheme"),
        ("localhost:9123", "needs a scheme"),
        ("localhost", "needs a scheme"),
        ("//localhost", "needs a scheme"),
        ("http:/localhost", "needs a scheme"),
        ("ftp://localhost", "needs a scheme"),
        ("file:///etc/passwd", "needs a scheme"),
        ("http://user:hunter2@localhost", "must not hold credentials"),
        ("http://hunter2@localhost", "must not hold credentials"),
        ("http://localhost:99999", "the host or the port is not valid"),
        ("http://localhost:http", "the host or the port is not valid"),
        ("http://localhost:-1", "the host or the port is not valid"),
        ("http://user:hunter2@localhost:99999", "not valid"),
        ("http://[::1", "the host or the port is not valid"),
        ("http://localhost:0", "the host or the port is missing"),
        ("http://", "the host or the port is missing"),
        ("http://:9123", "the host or the port is missing"),
        ("http://h?token=hunter2", "must not hold a query"),
        ("http://h/#hunter2", "must not hold a query"),
        ("http://h/api/v1", "leave out '/api/v1'"),
        ("http://h/api/v1/", "leave out '/api/v1'"),
        ("http://h/a/../b", "must not hold a '.'"),
        ("http://h ost", "must be plain ASCII"),
        ("http://h\r\nX: 1", "must be plain ASCII"),
        ("http://h\\evil", "must be plain ASCII"),
        ("http://b\u00fccher.example", "must be plain ASCII"),
    ],
)
def test_an_impossible_server_url_is_refused_unseen(url, message):
    with pytest.raises(ValueError, match=f"^server_url: .*{message}") as caught:
        IronflowClient(url)
    error = caught.value
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert "hunter2" not in text.replace(repr(url), "")  # the test's own line may show it


@pytest.mark.parametrize(
    "key", [f"{KEY}\n", f"{KEY}\r\nX: 1", f"{KEY}\0", f"a {KEY}", f"é{KEY}", "\t"]
)
def test_a_key_that_cannot_be_sent_is_refused_unseen(key):
    with pytest.raises(ValueError, match="^api_key: ") as caught:
        IronflowClient("http://h", api_key=key)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("server_url", 5, TypeError),
        ("server_url", b"http://h", TypeError),
        ("api_key", b"ifkey_1", TypeError),
        ("timeout", None, TypeError),
        ("timeout", 0, ValueError),
        ("timeout", -1, ValueError),
        ("timeout", float("nan"), ValueError),
        ("timeout", float("inf"), ValueError),
        ("timeout", "30", TypeError),
        ("timeout", True, TypeError),
        ("total_timeout", 0, ValueError),
        ("max_attempts", 0, ValueError),
        ("max_attempts", 2.0, TypeError),
        ("max_attempts", True, TypeError),
        ("retry_methods", "GET", TypeError),
        ("retry_methods", 5, TypeError),
        ("retry_methods", ["FETCH"], ValueError),
        ("retry_methods", [1], TypeError),
        ("initial_backoff", -0.1, ValueError),
        ("max_backoff", "1", TypeError),
        ("backoff_factor", 0.5, ValueError),
        ("max_retry_after", -1, ValueError),
        ("environment", "a\nb", ValueError),
        ("environment", 5, TypeError),
        ("org", "a\rb", ValueError),
        ("headers", ["a"], TypeError),
        ("headers", {"X-A": "b\nc"}, ValueError),
        ("headers", {"Content-Length": "1"}, ValueError),
        ("headers", {"content-type": "text/plain"}, ValueError),
        ("ssl_context", "tls", TypeError),
        ("max_response_bytes", 0, ValueError),
        ("user_agent_suffix", "a\nb", ValueError),
    ],
)
def test_a_bad_option_is_refused_by_name_in_the_constructor(option, value, error):
    with pytest.raises(error, match=f"^(?:{option}|X-A|headers): "):
        IronflowClient(**{option: value})


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="retries"):
        IronflowClient(retries=3)
    with pytest.raises(
        TypeError, match="'xyz' is not an option of the client; the options are: serv"
    ):
        IronflowClient().with_options(xyz=3)


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("max_retries", "max_attempts"),
        ("base_url", "server_url"),
        ("verify", "ssl_context"),
        ("token", "api_key"),
        ("apikey", "api_key"),
        ("time_out", "timeout"),
        ("max_retry", "max_attempts"),
        ("retry", "max_attempts"),
        ("baseurl", "server_url"),
        ("API_KEY", "api_key"),
        ("apiKey", "api_key"),
        ("auth", "api_key"),
        ("cafile", "ssl_context"),
        ("on_respone", "on_response"),
        ("max_attemps", "max_attempts"),
        ("enviroment", "environment"),
        ("header", "headers"),
    ],
)
def test_a_mistyped_option_names_the_one_that_was_meant(mistyped, meant):
    for call in (IronflowClient, IronflowClient().with_options):
        with pytest.raises(TypeError, match=f"'{mistyped}' is not an option .* mean '{meant}'"):
            call(**{mistyped: 3})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("timeout", 1e10),
        ("total_timeout", 1e300),
        ("max_attempts", 10**6),
        ("initial_backoff", 1e12),
        ("backoff_factor", 1e9),
        ("max_retry_after", 1e10),
        ("max_response_bytes", sys.maxsize),
    ],
)
def test_an_option_beyond_what_clocks_and_buffers_can_do_is_refused(option, value):
    with pytest.raises(ValueError, match=f"^{option}: must be at most "):
        IronflowClient(**{option: value})


@pytest.mark.parametrize("statuses", [429, "429", ["429"], [True]])
def test_refusal_statuses_must_be_integers(statuses):
    with pytest.raises(TypeError, match="^refusal_statuses: "):
        IronflowClient(refusal_statuses=statuses)


@pytest.mark.parametrize("status", [200, 302, 600])
def test_a_refusal_is_an_error_status(status):
    with pytest.raises(ValueError, match="^refusal_statuses: "):
        IronflowClient(refusal_statuses=[status])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IRONFLOW_SERVER_URL", "localhost:9123"),
        ("IRONFLOW_API_KEY", "two words"),
        ("IRONFLOW_ENV", "a\nb"),
    ],
)
def test_a_bad_environment_variable_is_named(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=f"^{variable}: "):
        IronflowClient()


def test_repr_shows_options_and_never_a_secret():
    client = IronflowClient(
        "https://h",
        api_key=KEY,
        environment="staging",
        org="org_1",
        headers={"X-Token": "hunter2", "Cookie": "c=hunter2"},
        ssl_context=ssl.create_default_context(),
        user_agent_suffix="report/1",
    )
    text = repr(client)
    assert KEY not in text
    assert "hunter2" not in text
    for part in ("environment='staging'", "org='org_1'", "headers=['Cookie', 'X-Token']"):
        assert part in text


@pytest.mark.parametrize("key", ["order-1", "auto", " "])
def test_an_idempotency_key_for_every_request_is_refused(key):
    # The server would take the second write for a repeat of the first and drop it.
    for make in (IronflowClient, IronflowClient().with_options):
        with pytest.raises(ValueError, match="^headers: Idempotency-Key belongs to one call"):
            make(headers={"idempotency-key": key})


USUAL = [
    {},
    {"api_key": KEY, "environment": "staging"},
    {"api_key": KEY, "timeout": 120.0},
    {"server_url": "https://ironflow.example.com", "api_key": KEY, "max_attempts": 5},
]


@pytest.mark.parametrize("options", USUAL)
def test_repr_fits_a_line_with_the_usual_settings(options):
    text = repr(IronflowClient(**options))
    assert len(text) <= 100
    assert text.isprintable()


def test_repr_shows_the_options_that_are_not_left_as_they_are():
    client = IronflowClient(
        "https://h", timeout=5, max_attempts=1, refusal_statuses=[503, 429], retry_methods=["GET"]
    )
    assert repr(client) == (
        "IronflowClient(server_url='https://h', api_key=None, timeout=5, max_attempts=1,"
        " retry_methods=['GET'], refusal_statuses=[429, 503])"
    )


# A client goes to another process with its options and without its connections.


def noted(info):
    """A hook that pickles."""


EVERY_OPTION = {
    "api_key": KEY,
    "timeout": 5.0,
    "total_timeout": 20.0,
    "max_attempts": 5,
    "retry_methods": ["GET", "POST"],
    "initial_backoff": 0.2,
    "max_backoff": 2.0,
    "backoff_factor": 3.0,
    "max_retry_after": 9.0,
    "refusal_statuses": [429],
    "environment": "staging",
    "org": "org_1",
    "headers": {"X-Trace": "t1"},
    "max_response_bytes": 4096,
    "user_agent_suffix": "nightly/2",
    "on_response": noted,
}


@pytest.mark.parametrize("called", [False, True], ids=["unused", "used"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_client_pickles_before_and_after_its_first_call_alike(server, called, protocol):
    with IronflowClient(server.url, **EVERY_OPTION) as client:
        if called:
            client.runs_list()
        twin = pickle.loads(pickle.dumps(client, protocol))
        client.runs_list()
        with twin:
            twin.runs_list()
    mine, its = server.requests[-2:]
    assert mine.headers == its.headers
    assert its.headers["authorization"] == f"Bearer {KEY}"
    assert its.headers["x-trace"] == "t1"
    assert repr(twin) == repr(client)
    options = ("backoff_factor", "max_retry_after", "on_response", "refusal_statuses", "timeout")
    assert [getattr(twin._options, name) for name in options] == [
        getattr(client._options, name) for name in options
    ]


def test_a_pickled_client_has_connections_and_captures_of_its_own(server):
    with IronflowClient(server.url) as client:
        client.runs_list()
        twin = pickle.loads(pickle.dumps(client))
        with client.capture() as seen, twin:
            twin.runs_list()
            client.close()
            twin.runs_list()
    assert seen == []
    assert len({request.peer for request in server.requests}) == 2


def test_a_key_of_the_environment_is_not_read_again_where_a_client_is_unpickled(monkeypatch):
    pickled = pickle.dumps(IronflowClient("http://h", api_key=""))
    monkeypatch.setenv("IRONFLOW_API_KEY", "ifkey_of_another")
    assert "api_key=None" in repr(pickle.loads(pickled))


@pytest.mark.parametrize("called", [False, True], ids=["unused", "used"])
@pytest.mark.parametrize(
    ("option", "value"),
    [("ssl_context", ssl.create_default_context()), ("on_response", lambda info: None)],
    ids=["ssl_context", "on_response"],
)
def test_a_client_that_can_not_be_pickled_says_why_in_a_line(server, option, value, called):
    with IronflowClient(server.url, api_key=KEY, **{option: value}) as client:
        if called:
            client.runs_list()
        with pytest.raises(TypeError) as caught:
            pickle.dumps(client)
        assert option in str(caught.value)
        assert len(str(caught.value)) < 100
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        # A copy in the same process has no such need.
        for twin in (copy.copy(client), copy.deepcopy(client)):
            assert twin.runs_list() == {}
            twin.close()


def test_a_pickled_client_of_a_subclass_keeps_what_that_added(server):
    twin = pickle.loads(pickle.dumps(Tagged(server.url, "t1")))
    assert (type(twin), twin.tag) == (Tagged, "t1")


class Tagged(IronflowClient):
    def __init__(self, url, tag):
        super().__init__(url)
        self.tag = tag
