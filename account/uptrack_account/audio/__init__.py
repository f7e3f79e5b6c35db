"""Audio that is sent to be analysed: taken, held, analysed in a process of its own, and deleted when it is due."""
