"""The network that recognizes digits: Sections 4 and 5 and Appendix A of the paper."""
