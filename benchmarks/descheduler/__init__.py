"""restow's Consolidate beside the real descheduler's HighNodeUtilization on equal clusters."""
