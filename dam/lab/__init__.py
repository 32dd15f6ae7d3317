"""The reproduction: experiments, stored results, and the claims of the paper judged on them."""
