"""The web server behind TOCSIN_PUBLIC_URL: its pages, and the API for predictions and labels."""
