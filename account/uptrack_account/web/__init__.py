"""Pages: plain HTML forms, no script, nothing from another host."""
