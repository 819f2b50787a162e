"""The generator: reads manifest.json and writes everything that is made from it."""
