"""The web server behind TOCSIN_PUBLIC_URL: front page, reports, runbook, status pages."""
