"""The steps by which the demonstration is loaded, each through the services of its domain."""
