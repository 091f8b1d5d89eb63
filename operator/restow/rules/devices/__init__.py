"""What rules know of devices: so far which DeviceClass backs an extended resource."""
