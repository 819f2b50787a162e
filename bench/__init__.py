"""Side-by-side measurements of the SDK and other HTTP clients: ``python -m bench``."""
