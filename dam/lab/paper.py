"""The numbers of the paper, its appendices and the authors' slides that ours are compared with, each with its place."""

# Section 2
CAPACITY_CLASSICAL = 0.14  # K^max / N of the classical network, eq. (1) and the text after (5), at BIT_ERROR
BIT_ERROR = 0.005  # the share of unstable bits in eq. (5)

# Section 4, Figs 1B and 2
SIMARD = 1.6  # %: the published error of networks of this kind, with which the paper compares its own
POWERS = (2, 3, 20, 30)  # of the networks
BELOW = 2.0  # %: Fig. 1B marks the first epoch with a lower test error
FIRST_BELOW = {2: (179, 312), 3: (158, 262)}  # these epochs, by n, over several hyperparameters
TEST_ERROR = {2: 1.51, 3: 1.44, 20: 1.61, 30: 1.80}  # %, after EPOCHS; which belongs to which n is inferred
CLASSES_VOTED = (3, 5)  # for so many classes, from - to, most memories vote at small n (Fig. 2, left)
ONE_CLASS = 40  # % of the memories vote for one class at n = 30 (Fig. 2, left)
LONE_DIGITS = 8000  # of TEST_DIGITS have no other memory comparable to the first at n = 30 (Fig. 2, right)
COMPARABLE = 0.9  # of the largest term: from there on a memory is comparable
TEST_DIGITS = 10_000

# Appendix A
MEMORIES = 2000
EPOCHS = 3000
T_FIRST = {2: (250, 400), 3: (250, 400)}  # window of the first temperature of the ramp, in neurons
T_FINAL = {2: (30, 100), 3: (30, 100), 20: (500, 700), 30: (500, 700)}  # of the last one, or of the constant one
RAMP_EPOCHS = 200
EPSILON = (0.01, 0.04)  # window of ε_0 in eq. (12)
DECAY = 0.998  # f in eq. (12)
MOMENTUM = (0.6, 0.95)  # window of p in eq. (13)
POWER_M = {2: (2, 3, 4), 3: (2, 3, 4), 20: (30,), 30: (30,)}  # m in eq. (14)

# Appendix B
FIG4 = {"N": 100, "K": 2000, "starts": 10_000}
NO_ERRORS = {2: 11, 3: 360, 4: 7240}  # eq. (6) at N = 100 as printed, by n
FIG5 = {"N": (50, 200), "starts": 1000, "n": 3}

# Slides: % of the images made on one network (rows: n of POWERS) that another (columns) takes for a wrong class.
TRANSFER = (
    (98.9, 50.7, 9.07, 3.44),
    (33.9, 99.0, 8.71, 3.32),
    (45.3, 63.7, 98.9, 5.77),
    (37.6, 48.3, 56.9, 98.8),
)

# Slides, high resolution images: the same for photographs and n = 2 and 8, and % of ImageNet's images read right
PHOTOGRAPHS = ((100, 32), (57, 100))
IMAGENET = 69
