"""The occasionally dishonest casino: which die was rolled, by the textbook's model and by learned ones."""

import numpy as np

from latently import CategoricalHMM, datasets

casino = datasets.load_casino()
published = CategoricalHMM(
    2,
    startprob_init=casino.startprob,
    transmat_init=casino.transmat,
    emissionprob_init=casino.emissionprob,
    fixed=("startprob", "transmat", "emissionprob"),
).fit(casino.data)


def dice(path):
    return "".join("FL"[state] for state in path)


# The 300 rolls of the book. Viterbi's path is the likeliest story of the dice behind them.
log_probability, path = published.decode(casino.data)
print("300 rolls, F: fair, L: loaded")
for first in range(0, 300, 75):
    print("  rolls", "".join(map(str, casino.data[first : first + 75, 0])))
    print("  dice ", dice(path[first : first + 75]))
print(f"published model   log-likelihood {published.log_likelihood_:.3f}, path {log_probability:.3f}")

# 300 rolls are few: the model that fits them best is not the casino's. Its states are other regularities of
# these rolls, and its log-likelihood is higher.
fitted = CategoricalHMM(2, random_state=0).fit(casino.data)
print(f"fitted to them    log-likelihood {fitted.log_likelihood_:.3f}, and its probabilities of the faces:")
for row in fitted.emissionprob_:
    print("  ", *(f"{probability:.2f}" for probability in row))

# 20,000 simulated rolls, whose dice are known. Now there is enough to learn from.
rolls, true = published.sample(20_000, random_state=0)
learned = CategoricalHMM(2, random_state=0).fit(rolls)
loaded = learned.emissionprob_[:, -1].argmax()  # the state of many sixes
print("20,000 simulated rolls: the share whose die is found")
for name, model, state in [("published model", published, 1), ("learned model", learned, loaded)]:
    by_path = np.mean((model.predict(rolls) == state) == (true == 1))
    by_roll = np.mean((model.smooth(rolls).argmax(axis=1) == state) == (true == 1))
    by_past = np.mean((model.filter(rolls).argmax(axis=1) == state) == (true == 1))
    print(
        f"  {name:16} path {by_path:.3f}, each roll {by_roll:.3f}, each roll by its past alone {by_past:.3f}"
    )
print(f"  always saying fair {np.mean(true == 0):.3f}")
