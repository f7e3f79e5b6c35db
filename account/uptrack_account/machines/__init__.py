"""What linked machines bring and hear: reports, what is meant in each project, what has changed."""
