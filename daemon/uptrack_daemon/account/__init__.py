"""This machine's link to a hosted account: made, kept, ended, and what goes over it. Without one nothing leaves."""
