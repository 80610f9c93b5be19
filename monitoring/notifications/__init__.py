"""Notifications of runs: what one says, how it reads as a mail and in Slack, and its delivery."""
