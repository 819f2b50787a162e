"""The command line: ``python -m ironflow``, installed as ``ironflow-py``.

It is a user of the SDK like any other, and the SDK never imports it. ``main`` is the frame,
``commands`` the table of all commands, ``table`` the words in which it is written. What reads the
table: ``arguments`` (the parser), ``help``, ``completion`` and ``docs``.
"""
