"""When each channel is asked, by whom, and the hands that read them side by side."""
