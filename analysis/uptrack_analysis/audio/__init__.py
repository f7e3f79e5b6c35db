"""Files in, blocks of samples out; what is not audio ends here in one sentence."""
