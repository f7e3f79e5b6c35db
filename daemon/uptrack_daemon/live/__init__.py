"""Live audio: what comes in while somebody mixes, kept for some minutes so that it can be analysed."""
