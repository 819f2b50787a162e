"""The documented surface from end to end: each chapter is a story told against a local server.

The calls are written out by hand, as the SDK document writes them; ids are those the server gave.
A chapter tolerates what the chapters before it left behind, so that all can be told to one server.
"""
