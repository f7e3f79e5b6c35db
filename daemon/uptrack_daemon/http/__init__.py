"""The loopback web server: the page for people, a small JSON interface for the command line, the DAWs' WebSocket."""
