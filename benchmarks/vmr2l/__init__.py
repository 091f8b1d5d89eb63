"""Rescheduling VMs and pods under a migration limit, against VMR2L's figures and peers."""
