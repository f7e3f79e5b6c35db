"""The local process: intake, jobs, store, retention, HTTP and page, command line."""
