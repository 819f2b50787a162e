"""The table of all commands, a module for each family of them: ``COMMANDS``."""
