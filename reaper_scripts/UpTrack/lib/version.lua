-- The version of these scripts; the daemon tells its own, and both should be of one release.
return "0.1.0"
