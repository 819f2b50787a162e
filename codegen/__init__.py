"""The generator: reads manifest.json, writes the client, its types and the README's table."""
