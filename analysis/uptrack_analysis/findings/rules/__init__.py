"""One file a rule, each with a module-level ``RULE``; ``rule.py`` next door finds them."""
