"""Plans: what Stripe says of an account, what that allows, and how much of it a month has used."""
