"""Four messy files for the tutorials: simulated, with a truth that is known."""

import csv
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np


def write(path, header, rows, delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)


def customers(path="customers.csv"):
    """Three kinds of customers of a shop: decimal commas, German dates, holes of all sorts."""
    rng = np.random.default_rng(1)
    kind = rng.choice(3, 420, p=[0.55, 0.3, 0.15])  # now and then, regular, for the family business
    rows = []
    for number, k in enumerate(kind):
        orders = rng.poisson([2, 11, 16][k]) + 1
        basket = np.exp(rng.normal([3.3, 3.5, 5.4][k], 0.35))
        returns = rng.random() < [0.35, 0.1, 0.05][k]
        city = rng.choice(["Kiel", "Ulm", "Bonn"], p=[[0.4, 0.3, 0.3], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]][k])
        day = datetime(2021, 1, 1) + timedelta(days=int(rng.integers(1000)))
        money = f"{basket:,.2f} €".translate(str.maketrans(",.", ".,"))
        rows.append(
            [f"K-{number + 1000}", day.strftime("%d.%m.%Y"), city, orders, money, "yes" if returns else "no"]
        )
    for row in rows:
        for j, word in [(2, "unknown"), (3, "n.a."), (4, "-"), (5, "")]:
            if rng.random() < 0.06:
                row[j] = word
    header = ["customer", "since", "city", "orders", "basket", "returns"]
    write(path, header, rows, delimiter=";")
    return kind


def pump(path="pump.csv"):
    """Six days of a pump, a row each ten minutes: it runs, it clogs, it stands; the sensor drops out."""
    rng = np.random.default_rng(2)
    transitions = np.array([[0.985, 0.01, 0.005], [0.05, 0.94, 0.01], [0.04, 0.0, 0.96]])
    state, states, rows = 0, [], []
    for step in range(860):
        state = rng.choice(3, p=transitions[state])
        states.append(state)
        pressure = rng.normal([4.1, 4.7, 0.2][state], [0.3, 0.45, 0.08][state])
        current = rng.normal([12.5, 13.6, 0.6][state], [0.8, 1.2, 0.15][state])
        time = datetime(2026, 3, 2) + timedelta(minutes=10 * step)
        row = [time.strftime("%Y-%m-%d %H:%M"), f"{pressure:.2f}", f"{current:.1f}"]
        if rng.random() < 0.04:
            row[1] = "-999"
        if rng.random() < 0.02:
            row[2] = ""
        rows.append(row)
    write(path, ["time", "pressure (bar)", "current (A)"], rows)
    return np.array(states)


THEMES = {
    "delivery": "parcel late courier driver door address tracking waited days lost neighbour depot box wet",
    "refund": "refund money invoice charged twice bank account return paid amount receipt card payment",
    "app": "app login password screen crash update phone error button loading account reset version freezes",
    "product": "broken quality size colour torn stopped working battery cheap material photo smell scratched",
}
FILLER = "still again please nobody answered called service really customer always hello thanks never told"


def complaints(path="complaints.csv"):
    """Complaints to a shop, with HTML in some, an automatic signature in others, and some empty ones."""
    rng = np.random.default_rng(3)
    themes = list(THEMES)
    theme = rng.choice(4, 500, p=[0.4, 0.25, 0.2, 0.15])
    rows = []
    for number, k in enumerate(theme):
        n = int(rng.integers(12, 40))
        mixed = np.full(4, 0.06)
        mixed[k] = 0.82
        words = []
        for _ in range(n):
            said = FILLER if rng.random() < 0.3 else THEMES[themes[rng.choice(4, p=mixed)]]
            words.append(rng.choice(said.split()))
        text = " ".join(words).capitalize() + "."
        if rng.random() < 0.2:
            text = f"<p>{text}</p><br>https://shop.example/ticket/{number}"
        if rng.random() < 0.3:
            text += " Sent from my phone"
        if rng.random() < 0.03:
            text = ""
        rows.append([number, f"2026-{1 + number // 45:02d}", text])
    write(path, ["id", "month", "text"], rows)
    return theme


def survey(path="survey.csv"):
    """Income, age, hours and satisfaction: the old and those with long hours tell their income less often."""
    rng = np.random.default_rng(4)
    n = 600
    age = rng.integers(20, 66, n)
    hours = np.clip(rng.normal(36, 7, n), 8, 60).round()
    income = np.exp(6.1 + 0.012 * age + 0.028 * hours + rng.normal(0, 0.25, n))
    satisfied = np.clip(np.round(1.2 + income / 1100 + rng.normal(0, 0.8, n)), 1, 5)
    silent = rng.random(n) < 1 / (1 + np.exp(-(age - 48) / 7 - (hours - 40) / 5))
    rows = []
    for i in range(n):
        row = [i + 1, age[i], f"{hours[i]:.0f}", f"{income[i]:,.0f}", f"{satisfied[i]:.0f}"]
        if silent[i]:
            row[3] = rng.choice(["", "n.a.", "-"])
        if rng.random() < 0.05:
            row[2] = ""
        if rng.random() < 0.08:
            row[4] = "?"
        rows.append(row)
    write(path, ["person", "age", "hours", "income", "satisfaction"], rows)
    return income


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for make in (customers, pump, complaints, survey):
        make(folder / f"{make.__name__}.csv")
        print(folder / f"{make.__name__}.csv")
