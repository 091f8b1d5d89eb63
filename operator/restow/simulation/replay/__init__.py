"""A trace in virtual time: arrivals, departures, the scheduler, and restow's moves in between."""
