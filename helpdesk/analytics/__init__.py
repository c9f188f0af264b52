"""What staff read about the helpdesk: volumes, times, backlog, deflection, topics."""
