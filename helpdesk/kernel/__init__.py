"""What every domain stands on: database, errors, events, jobs, policy, clock, mail, files. No Flask, no domain."""
