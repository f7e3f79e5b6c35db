"""Who they are: accounts, addresses and passwords, where they are signed in, what they agreed to, all that is kept."""
