"""What is masked, in every form in which a server may repeat it, and what is left as it is."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest

from ironflow import IronflowClient, IronflowError
from ironflow._wire.headers import Headers
from ironflow._wire.redaction import Redactor, secrets_in

SECRET = "quartz-Lantern/7"  # does not look like a credential
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2UifQ.c2lnbmF0dXJl"


def each(text, form):
    return "".join(form.format(ord(character)) for character in text)


FORMS = {
    "as it is": SECRET,
    "in lower case": "quartz-lantern/7",
    "in upper case": "QUARTZ-LANTERN/7",
    "JSON": each(SECRET, "\\u{:04x}"),
    "JSON in upper case": each(SECRET, "\\u{:04X}"),
    "JSON in part": "\\u0071uartz-Lantern/7",
    "a JSON slash": "quartz-Lantern\\/7",
    "percent": each(SECRET, "%{:02x}"),
    "percent in upper case": each(SECRET, "%{:02X}"),
    "percent as needed": quote(SECRET, safe=""),
    "percent, mixed": "%71uartz%2DLantern%2f7",
    "JSON and percent": "\\u0071uartz%2dLantern\\/7",
    "HTML numbers": each(SECRET, "&#{};"),
    "HTML numbers of sixteens": each(SECRET, "&#x{:02X};"),
    "HTML numbers as needed": "quartz&#x2d;Lantern&#47;7",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form(form):
    text = f"bad key '{FORMS[form]}', try another"
    assert Redactor([SECRET]).text(text) == "bad key '***', try another"


@pytest.mark.parametrize(
    "secret",
    [
        "a\"b'c&d<e>f",
        "back\\slash\\",
        "100%41 sure",
        "p\xe4ss\xdfword",
        "smile\U0001f600smile",
        "tab\tand space",
        "a.b*c[d](e)|f$^",
    ],
)
@pytest.mark.parametrize(
    "escape",
    [
        str,
        json.dumps,
        lambda secret: json.dumps(secret, ensure_ascii=False),
        quote,
        lambda secret: quote(secret, safe="").lower(),
        html.escape,
    ],
    ids=["plain", "JSON", "JSON in UTF-8", "percent", "percent in lower case", "HTML"],
)
def test_a_secret_of_odd_characters_is_masked_in_every_form(secret, escape):
    masked = Redactor([secret]).text(f"<{escape(secret)}>")
    assert masked in ("<***>", '<"***">')


def test_names_and_values_of_a_body_are_masked_at_every_depth():
    body = {
        "error": f"bad {SECRET}",
        SECRET: 1,
        "details": [{"given": [SECRET, "fine", None, 1.5, True]}, {f"key {SECRET}": {}}],
    }
    assert Redactor([SECRET]).value(body) == {
        "error": "bad ***",
        "***": 1,
        "details": [{"given": ["***", "fine", None, 1.5, True]}, {"key ***": {}}],
    }


def test_the_longest_secret_is_masked_first():
    assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh abcd") == "*** ***"


def test_what_is_shorter_than_four_characters_is_left_in_texts():
    assert Redactor(["abc", ""]).text("abcabc") == "abcabc"


LIKE_ONES = [
    ("ifkey_0123456789abcdef0123456789abcdef", "***"),
    ("ifplatform_0123456789abcdef0123456789abcdef", "***"),
    ("your key is ifkey_0123 now", "your key is *** now"),
    ("IFKEY_0123", "***"),
    ("old_ifkey_0123", "old_***"),
    ('"key":"ifkey_0123"', '"key":"***"'),
    ("key:\\nifkey_0123", "key:\\n***"),
    ("?next=%3Fkey%3Difkey_0123", "?next=%3Fkey%3D***"),
    (JWT, "***"),
    (f"token={JWT};", "token=***;"),
    (f"token_{JWT}", "token_***"),
    (f"%3D{JWT}", "%3D***"),
    (f"\\n{JWT}", "\\n***"),
    (JWT[:30], "***"),  # cut
    ("the key must begin with ifkey_", "the key must begin with ifkey_"),
    ("MonkeyJungleExpedition", "MonkeyJungleExpedition"),
    ("eyJ", "eyJ"),
]


@pytest.mark.parametrize(("text", "masked"), LIKE_ONES)
def test_what_looks_like_a_credential_is_masked_whoever_it_belongs_to(text, masked):
    assert Redactor([]).text(text) == masked


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("token=a", "token=***"),
        ("a=1&access_token=x&b=2", "a=1&access_token=***&b=2"),
        ("api%5Fkey=x", "api%5Fkey=***"),
        ("%61pi_key=x", "%61pi_key=***"),
        ("API-KEY=x", "API-KEY=***"),
        ("apiKey=x", "apiKey=***"),
        ("api_key[]=x", "api_key[]=***"),
        ("client_secret=x", "client_secret=***"),
        ("id_token=x", "id_token=***"),
        ("passwd=x", "passwd=***"),
        ("token=a=b", "token=***"),
        ("token=", "token="),
        ("token", "token"),
        ("key=user.*&platform_key_id=ak_1", "key=user.*&platform_key_id=ak_1"),
        ("cursor=abc&limit=5", "cursor=abc&limit=5"),
    ],
)
def test_a_parameter_that_holds_a_credential_is_masked_however_short(query, shown):
    assert Redactor([]).url(f"http://h/x?{query}") == f"http://h/x?{shown}"


def test_a_credential_of_the_query_is_masked_wherever_it_is_repeated():
    redactor = Redactor(secrets_in("/x?a=long-enough&api%5Fkey=quartz%20lantern+7"))
    assert redactor.text("no quartz lantern 7, long-enough") == "no ***, long-enough"


@pytest.mark.parametrize(
    ("name", "value", "text", "masked"),
    [
        ("Authorization", f"Bearer {SECRET}", f"no {SECRET} here", "no *** here"),
        ("Authorization", f"Bearer {SECRET}", f"got Bearer {SECRET}", "got ***"),
        ("X-Api-Key", SECRET, SECRET, "***"),
        ("X_Access_Key", SECRET, SECRET, "***"),
        ("X-Vault-Token", SECRET, SECRET, "***"),
        ("Ocp-Apim-Subscription-Key", SECRET, SECRET, "***"),
        ("Cookie", f"sid={SECRET}; theme=dark", f"no session {SECRET}", "no session ***"),
        ("cookie", f"theme=dark; sid={SECRET}", f"no session {SECRET}", "no session ***"),
        ("Idempotency-Key", "order-1234", "order-1234 is taken", "order-1234 is taken"),
        ("X-Trace", "trace-1234", "see trace-1234", "see trace-1234"),
    ],
)
def test_a_header_that_holds_a_credential_is_masked_and_no_other(name, value, text, masked):
    assert Redactor(Headers({name: value}).secrets()).text(text) == masked


@pytest.mark.parametrize("secret", [SECRET, "p\xe4ss\xdf-w\xf6rter", "\U0001f600smile-smile"])
@pytest.mark.parametrize("escape", [str, lambda c: json.dumps(c)[1:-1], quote, html.escape])
def test_of_a_secret_that_was_cut_no_more_than_three_characters_are_left(secret, escape):
    escaped = [escape(character) for character in secret]
    shortest = len("bad key " + "".join(escaped[:4]))
    whole = "bad key " + "".join(escaped)
    for end in range(shortest, len(whole)):
        assert Redactor([secret]).text(whole[:end], is_cut=True) == "bad key ", whole[:end]
    assert Redactor([secret]).text(whole, is_cut=True) == "bad key ***"


def test_the_first_characters_of_a_long_secret_are_taken_off_whatever_follows_them():
    secret = "lantern-mosaic-" * 20
    text = f"bad key {secret[:100]} or so"
    assert Redactor([secret]).text(text, is_cut=True) == "bad key "


def test_a_server_that_repeats_parts_of_a_key_of_one_letter_does_not_hold_the_call_up():
    # It would try each of the letters as the start, and compare all of the key each time: minutes.
    text = ("a" * 3999 + "b") * 16
    assert Redactor(["a" * 4000]).text(text, is_cut=True) == text[:40_000]


def test_a_long_secret_that_is_not_there_costs_no_pattern(monkeypatch):
    # Whoever watches every call pays for masking each URL and header of it.
    monkeypatch.setattr("ironflow._wire.redaction._in_any_form", None)
    text = "http://h/api/v1/kv/buckets/b/keys/a%2Fb?limit=5"
    assert Redactor([JWT * 20, SECRET]).url(text) == text


# Over the wire.


@pytest.fixture
def client(server):
    with IronflowClient(server.url, SECRET, headers={"Cookie": "sid=velvet-harbor"}) as made:
        yield made


def failure(client, *arguments, **options):
    with pytest.raises(IronflowError) as caught:
        client.request(*arguments, **options)
    return caught.value


def test_what_a_server_repeats_is_masked_in_each_attribute_of_the_error(client, server):
    server.reply(
        {
            "message": f"bad key {SECRET}",
            "code": f"bad_{SECRET}",
            "details": {SECRET: [f"Bearer {SECRET}", "velvet-harbor"]},
        },
        status=401,
        headers={"X-Request-Id": f"req-{SECRET}", "X-Echo": SECRET, f"X-{SECRET[:14]}": "a"},
    )
    error = failure(client, "GET", "/x", params={"token": "ab", "q": SECRET})
    assert str(error) == "bad key ***"
    assert error.code == "bad_***"
    assert error.details == {"***": ["***", "***"]}
    assert error.body == {"message": "bad key ***", "code": "bad_***", "details": error.details}
    assert error.request_id == "req-***"
    assert error.headers["x-echo"] == "***"
    assert error.url == f"{server.url}/x?token=***&q=***"


@pytest.mark.parametrize("form", FORMS)
def test_an_echo_in_what_is_not_json_is_masked_in_every_form(client, server, form):
    server.reply(body=f'{{"error": "bad {FORMS[form]}'.encode(), status=400)
    error = failure(client, "GET", "/x")
    assert str(error) == error.body == '{"error": "bad ***'


def test_an_echo_in_a_web_page_is_masked_also_where_characters_stand_as_numbers(client, server):
    page = f"<p>bad {each(SECRET, '&#{};')} {each(SECRET, '&#x{:X};')}</p>"
    server.reply(body=page.encode(), status=400)
    assert str(failure(client, "GET", "/x")).endswith("not Ironflow's reply: bad *** ***")


def test_the_name_of_a_header_that_repeats_the_key_is_masked(server):
    key = "quartzLantern7"
    server.reply({"error": "no"}, status=400, headers={f"X-{key}": "a"})
    with IronflowClient(server.url, key) as client:
        assert "x-***" in failure(client, "GET", "/x").headers


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("req_1", "req_1"),
        ("", None),
        ("   ", None),
        ("a\tb", "a b"),
        ("x" * 5000, "x" * 199 + "…"),
        ("\xa0\xad\x85", None),
        ("caf\xe9", "caf\xe9"),
    ],
)
def test_a_request_id_is_bounded_and_clean(client, server, sent, shown):
    head = f"HTTP/1.1 404 Not Found\r\nX-Request-Id: {sent}\r\nContent-Length: 0\r\n\r\n"
    with client.capture() as seen:
        server.raw(head.encode("latin-1"))
        error = failure(client, "GET", "/x")
        server.raw(head.replace("404 Not Found", "204 No").encode("latin-1"))
        client.request("GET", "/x")
    assert error.request_id == shown
    assert [info.request_id for info in seen] == [shown, shown]
