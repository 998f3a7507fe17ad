"""What each job of the command refuses: in one clear line, with nothing left behind."""

import os

import pytest

from tests.command import assert_one_clear_line

# What is asked of a table with which nothing is wrong, and words of the answer.
GOOD = {
    "cluster": "height,b\n1,2\n3,5\n5,6\n2,2\n",
    "impute": "height,b,c\n1,2,x\n3,5,y\n5,,x\n2,2,\n4,1,y\n7,3,x\n",
    "segment": "year,a,b,who\n1,4,2.5,x\n2,6,3.5,x\n3,1,2.5,y\n4,2,1.5,x\n",
    "topics": "id,text,who\na,ship sail ship,x\nb,ship wave,y\nc,barn field barn,x\nd,field sail,y\n"
    "e,barn wave,z\n",
}
REQUESTS = {
    "cluster": {
        ("--columns", "hieght,b"): "no column 'hieght': did you mean 'height'?",
        ("--columns", "zzz"): "it has 'height', 'b'",
        ("--columns", " , "): "--columns names no column",
        ("--columns", "b\nbb"): "t.csv has no column 'bb': did you mean 'b'?",
        ("--truth", "B!"): "no column 'B!'",
        ("--truth", "b", "--columns", "b,height"): "'b' is in --columns and is the --truth",
        ("--missing", ", "): "--missing names no code: write --missing -999",
        ("-k", "0"): "-k 0: there is at least 1 component",
        ("-k", "5:2"): "-k 5:2 runs backwards: write -k 2:5",
        ("-k", "x"): "-k x: write a number",
        ("-k", "1:"): "-k 1:: write a number",
        ("-k", "-3"): "-k -3: write a number",
        ("-k", "9"): "rows with an observation, fewer than clusters; write at most -k ",
        ("-k", "9" * 5000): "no table has rows for so many",
        ("-k", "1:99999999"): "no table has rows for so many",
        ("--covariance", "round"): "for '--covariance': 'round' is not one of",
        ("--seed", "x"): "--seed",
        ("--seed", "-1"): "--seed",
        ("--wrong",): "No such option",
        ("--out", "t.csv"): "'t.csv' is a file",
        ("--out", "."): "the folder you are in",
        ("--out", "t.csv/below"): "'t.csv/below' cannot be written",
    },
    "impute": {
        ("--columns", "hieght"): "no column 'hieght': did you mean 'height'?",
        ("--columns", "height"): "no empty cell in the columns used ('height'): there is nothing to fill in; "
        "columns that are not used have some: 'b', 'c'",
        ("--columns", "b,c"): "column 'c' of t.csv is not numeric (text: line 2 holds 'x')",
        ("-m", "1"): "-m 1: write a number from 2 to 999",
        ("-m", "0"): "-m 0: write a number from 2",
        ("-m", "many"): "valid int",
        ("--level", "95"): "--level 95: write a share between 0 and 1",
        ("--level", "nan"): "--level nan",
        ("--components", "0"): "--components 0: there is at least 1",
        ("--components", "9"): "rows with an observation, fewer than components; write at most",
        ("--prior", "horseshoe"): "'horseshoe' is not one of",
        ("--min", "low"): "--min low: write a number, or names with one, as --min a=0",
        ("--min", ","): "--min names no limit: write --min 0",
        ("--max", "nan"): "--max nan: write a number",
        ("--min", "c=0"): "--min names 'c', and the columns used are 'height', 'b'",
        ("--out", "t.csv"): "'t.csv' is a file",
        ("--min", "2"): "--min 2: column 'height' holds 1; name the columns that have this limit",
        ("--seed", "-1"): "--seed",
    },
    "segment": {
        ("--column", "aa"): "no column 'aa'",
        ("--column", "year,yaer"): "no column 'yaer': did you mean 'year'?",
        ("--column", " , "): "names no column",
        ("--column", "who", "--emission", "gaussian"): "'who' of t.csv is not numeric (text: line 2 holds "
        "'x'): mend it, or add --emission categorical",
        (
            "--column",
            "b",
            "--emission",
            "bernoulli",
        ): "line 2 of t.csv holds 2.5 in column 'b', and a Bernoulli "
        "cell is 0 or 1: mend it, or use --emission gaussian",
        ("--column", "b", "--emission", "poisson"): "line 2 of t.csv holds 2.5 in column 'b', and counts are "
        "whole",
        ("--column", "a,b", "--emission", "categorical"): "takes one column and was given 2",
        ("--column", "a", "--covariance", "full"): "--covariance full is for numbers, and 'a' is taken for",
        ("--column", "a", "--time", "b"): "line 4 of t.csv has b 2.5 again, and time must rise",
        ("--column", "b", "--time", "who"): "'x' in column 'who', which is neither a number nor a date",
        ("--column", "b", "--time", "yeer"): "did you mean 'year'?",
        ("--column", "b", "--time", "b"): "'b' is in --column and is the --time",
        ("--column", "b", "--sequence", "who"): "line 5 of t.csv begins sequence 'x' again, which had begun "
        "at line 2",
        ("--column", "b", "--sequence", "year", "--time", "year"): "the --time and the --sequence",
        ("--column", "b", "-k", "9"): "-k 9: t.csv has 4 rows with an observation, fewer than states",
        ("--column", "b", "--out", "t.csv"): "'t.csv' is a file",
        ("--column", "b", "-k", "0"): "there is at least 1 state",
        ("--column", "b", "-k", "3:1"): "runs backwards: write -k 1:3",
        ("--column", "b", "--emission", "normal"): "'normal' is not one of",
    },
    "topics": {
        ("--text-column", "txt"): "no column 'txt': did you mean 'text'?",
        ("--truth", "whom"): "no column 'whom': did you mean 'who'?",
        ("--truth", "text"): "'text' holds the texts: name another column for --truth",
        ("--vocabulary", "t.csv"): "leave --vocabulary out",
        ("-k", "0"): "there is at least 1 topic",
        ("-k", "many"): "write a number of topics, as in -k 20",
        ("-k", "9:3"): "runs backwards: write -k 3:9",
        ("-k", "6"): "-k 6: t.csv has 5 different words left, fewer than topics; write at most -k 5",
        ("-k", "2,3"): "too few documents to choose by those held out; write one number, such as -k 2",
        ("-k", "9" * 5000): "no texts have words for so many",
        ("-k", "2:" + "9" * 5000): "no texts have words for so many",
        ("--min-df", "lots"): "--min-df lots: write a number of documents, such as 2, or a share",
        ("--min-df", "9" * 5000): "--min-df 999",
        ("--max-df", "1.5"): "--max-df 1.5: write a number of documents",
        ("--min-df", "4", "--max-df", "2"): "--min-df 4 asks for more documents than --max-df 2 allows, of 5",
        ("--max-df", "1", "--min-df", "1"): "no word of t.csv is left: ",
        ("--stop-words", "nix.txt"): "--stop-words nix.txt: there is no such file; write english, none",
        ("--stop-words", "none", "--stop-words", "english"): "--stop-words none stands beside others",
        ("--stop-words", "empty.txt"): "no word of two letters or more is in it",
        ("--seed-words", "ship"): "--seed-words 'ship': write the number of a topic and words, as in "
        "3=sea,ship",
        ("--seed-words", "2=ship"): "topics are numbered 0 to 1; raise -k",
        ("--seed-words", "1=shp"): "'shp' is not among the words left: did you mean 'ship'?",
        ("--seed-words", "1=the"): "'the' is not among the words left: it may be a stop word",
        ("--inference", "gibbs"): "'gibbs' is not one of",
        ("--out", "t.csv"): "'t.csv' is a file",
    },
}

# A table with which something is wrong, what else is asked, and words of the answer.
TABLES = {
    "cluster": {
        b"": "t.csv is empty",
        b"\n\n  \n": "t.csv is empty",
        b"a,b\n": "a header and no rows",
        b"a,b\n1,2\n": "only one row",
        b"a,b\n1,2\n3,inf\n5,-inf\n": "line 3 of t.csv is infinite in column 'b' (one of 2 such cells)",
        b"a,b\n1,2\n3,inf\n5,1\n": "leave the column out: --columns a",
        b"a,b\n1,2\n1,\n,2\n": (
            "to work with: 'a' (constant, every value is 1), 'b' (constant, every value is 2)"
        ),
        b"a,b,a\n1,2,3\n": "two columns of t.csv are called 'a' (columns 1 and 3)",
        b"a,b\n1,2\n\n3,4,5\n": "line 4 of t.csv has 3 cells and the header 2",
        b"a,b\n1,2\n3\n": "line 3 of t.csv has 1 cell and the header 2",
        b'a,b\n1,"2\n3,4\n': "look for a quote that is not closed",
        b"\xff\xfea\0,": "t.csv is damaged: its text is not utf-16, as it begins",
        b"\x28\xb5\x2f\xfd" + b"x" * 40: "t.csv is packed, and damaged: pack it again",
        b"\x89PNG\x00\x01": "not a text file",
        b"PK\x03\x04...": "t.csv cannot be read as a workbook (Cannot detect file format): save it as CSV",
        b"PAR1....PAR1": "damaged Parquet file",
        b"a,b\nx,2020-01-01\ny,2021-01-01\n": (
            "no column of numbers or categories to work with: 'a' (text, 2 different ones in 2 rows), 'b' ("
        ),
        (b"a,b\n1,2\n2,3\nthree,4\n5,6\n", "--columns a,b"): "line 4 holds 'three', which is not a number",
        (b"x" * 5000 + b",b\n1,2\n3,4\n", "--columns a"): f"it has '{'x' * 89}...{'x' * 88}',",
    },
    "impute": {
        b"a,b\n1,2\n3,\n5,inf\n4,1\n": "line 4 of t.csv is infinite in column 'b'",
        b"a,b\n1,2\n1,\n,\n1,2\n": "'a' (constant, every value is 1), 'b' (constant, every value",
        b"a,b\n1,2\n,3\n,4\n,1\n": "('b'): there is nothing to fill in; columns that are not used",
        (b"a,b,c\n1,2,3\n2,,5\n3,1,1\n", "--prior none"): "3 rows with a number for 3 columns, too few",
        b"a,b\n1,2\n2,3\n4,5\n": "nothing to fill in",
        b"a,b\n" + b"".join(b"%d,%d\n" % (999 if i == 4 else i, i % 3) for i in range(9)): "nothing to fill "
        "in; 999 stands in 1 cell of 'a', unlike all other values: if it means missing, add --missing 999",
        b"a,b\nx,y\n,z\n": "no column of numbers",
        b"a,b\n,\n,\n": "no column of numbers to work with: 'a' (empty), 'b' (empty)",
        b"a,b\n": "a header and no rows",
        (b"a,b\n1,\n2,NA\n", "--columns a,b"): "column 'b' of t.csv has no number in it",
        b",".join(b"x%d" % i for i in range(31)) + (b"\n1" + b",1" * 30) * 2 + b"\n2" + b",2" * 30: (
            "31 columns of numbers, and at most 30 go into one model: name the ones that matter with --col"
        ),
    },
    "segment": {
        b"": "t.csv is empty",
        b"x\n": "a header and no rows",
        b"x\n1\n": "only one row",
        b"x\n1.5\n1.5\n1.5\n": "to follow: 'x' (constant, every value is 1.5)",
        b"x\na\na\n\na\n": "column 'x' of t.csv holds one symbol only ('a')",
        (b"x,y\na,1\nb,2\nc,3\n", "--column x"): "too many to learn",
        (b"x,y\n1,\n2,\n", "--column y"): "column 'y' of t.csv has no number in it, only empty cells",
        (b"x,y\n1,\n2,1\n", "--column y"): "t.csv",
        b"x\ninf\n-inf\ninf\n": "line 2 of t.csv is infinite in column 'x' (one of 3",
        b"x\n1\n2\ninf\n": "line 4 of t.csv is infinite in column 'x'",
        b"x\n1\n2\nthree\n4\n": "line 4 holds 'three', which is not a number",
        b"x,x\n1,2\n": "two columns of t.csv are called 'x'",
        (b"x,t\n1,1\n2,inf\n", "--column x --time t"): (
            "line 3 of t.csv has inf in column 't', too far off to be a time: mend it, or leave --time"
        ),
        (b"x,t\n1,0001-01-01T00:00:00+14:00\n2,2000-01-01\n", "--column x --time t"): (
            "'0001-01-01T00:00:00+14:00' in column 't', which is neither a number nor a date"
        ),
        (b"id,x\na,1\n,2\n", "--sequence id"): (
            "line 3 of t.csv is empty in column 'id', which tells sequences apart"
        ),
    },
    "topics": {
        b"": "t.csv is empty",
        b"text\n": "a header and no rows",
        b"text,b\n,1\n,2\n": "column 'text' of t.csv has only empty cells",
        b"a,b\nx,y\n": "write --text-column",
        b"text,b\n!,1\n? x,2\n": "have no word of two letters or more",
        b"text,b\nthe and,1\nof the,2\n,3\n,4\n": "no word of t.csv is left: 3 stop words; lower",
        b"text,b\nship,1\nsail,2\n,3\n,4\n": "2 are in one document only",
        b"text\n\x1f\x8b\0\n": "t.csv is not a text file",
        "text\n今天我们去海边看船和灯塔\n船长在港口等待暴风雨过去\n".encode(): "cut them into words first",
        (b"text,b\nship ship,\nship sail,\nsail wave,\nwave x,\n", "--truth b --max-df 1.0"): (
            "column 'b' of t.csv is empty"
        ),
        b'{"text": "a"}\n{"text"\n': "line 2 of t.csv is not JSON",
        b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n": "line 1 of t.csv has lists in lists",
        b'{"text": "a", "n": ' + b"9" * 5000 + b"}\n": "a number of too many digits",
        (b"1 0:99999999999999999999\n", "--vocabulary words.txt"): "whole numbers below 1e15",
        (b"1 0:" + b"9" * 5000 + b"\n", "--vocabulary words.txt"): "has '0:9999",
    },
}
NEEDS_A_NUMBER = ("segment", "topics")


def with_a_number(job, arguments):
    given = job not in NEEDS_A_NUMBER or "-k" in arguments
    return arguments if given else (*arguments, "-k", "2")


def rows(table):
    return [
        pytest.param(job, key if isinstance(key, tuple) else (key,), words, id=f"{job} {key!r}"[:80])
        for job, of_job in table.items()
        for key, words in of_job.items()
    ]


@pytest.mark.parametrize(("job", "arguments", "words"), rows(REQUESTS))
def test_a_wrong_request(run, here, job, arguments, words):
    (here / "t.csv").write_text(GOOD[job])
    (here / "empty.txt").write_text("a b\n")
    assert_one_clear_line(*run(job, "t.csv", *with_a_number(job, arguments)), words)
    assert sorted(os.listdir(here)) == ["empty.txt", "t.csv"]


@pytest.mark.parametrize("job", GOOD)
def test_a_request_without_a_table(run, here, job):
    assert_one_clear_line(*run(job, *with_a_number(job, ())), "Missing argument")
    assert_one_clear_line(*run(job, *with_a_number(job, ("no.csv",))), "there is no file 'no.csv'")
    assert os.listdir(here) == []
    if job != "topics":  # which reads folders
        assert_one_clear_line(*run(job, *with_a_number(job, (".",))), "'.' is a folder")


@pytest.mark.parametrize(("job", "arguments", "words"), rows(TABLES))
def test_a_messy_table(run, here, monkeypatch, job, arguments, words):
    monkeypatch.setattr("latently.cli.tables.columns.MOST_COLUMNS", 30)
    content, *options = arguments
    options = " ".join(options).split()
    (here / "t.csv").write_bytes(content)
    (here / "words.txt").write_text("ship\nsail\n")
    assert_one_clear_line(*run(job, "t.csv", *with_a_number(job, options)), words)
    assert sorted(os.listdir(here)) == ["t.csv", "words.txt"]
