"""The HTTP front end: OAuth callbacks with their landing pages, and health."""
