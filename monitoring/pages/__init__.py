"""What people open in a browser: front page, drawn boards, states of runs, reports, runbook."""
