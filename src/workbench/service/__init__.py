"""HTTP services over model runners."""
