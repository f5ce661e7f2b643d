"""Runs of the accuracy table: what is planned, that the queue resumes, what the table says, and what is refused."""

import argparse
import contextlib
import io
import json
import pathlib
import stat
import tempfile
import unittest

from tools.accuracy import data, main, page, plan, results, runner, table
from tools.problem import Problem
from tools.data import mackey_glass

# Writes what lacuna would write; fails once where a file `broken` says so, half way through its answer where `half` does;
# counts its calls.
PROGRAM = """#!/usr/bin/env bash
set -euo pipefail
echo "$@" >> calls
out=
for ((i = 1; i <= $#; i++)); do
    if [[ ${!i} == --out ]]; then j=$((i + 1)); out=${!j}; fi
done
case $1 in
    train | prune | quantise)
        if [[ $1 == prune && -f broken ]]; then rm broken; echo 'power failure' >&2; exit 1; fi
        printf '\\x02\\0\\0\\0\\0\\0\\0\\0{}' > "$out" ;;
    evaluate)
        if [[ -f half ]]; then rm half; echo '{"results": [{"perp'; exit 1; fi
        if [[ $2 == *golden* ]]; then echo '{"results": [{"perplexity": 101.5}]}'; else echo '{"results": [{"perplexity": 100.5}]}'; fi ;;
    estimate)
        if [[ $2 == *dense* ]]; then fits=false; else fits=true; fi
        echo '{"fits": '$fits', "figures": [{"mode": "score", "cycles_per_step": 784.0}], "weights": {"kept": 10, "all": 80}, "engine": "e"}'
        $fits ;;
esac
"""


def record(row, column, seed, value, golden=None, key="perplexity"):
    item = {"row": row, "column": column, "seed": seed, "figure": key, "float": value, "cycles_per_step": 784.0,
            "weights": {"kept": 1000, "all": 8000}}
    return {**item, "golden": golden} if golden else item


class Plan(unittest.TestCase):
    def setUp(self):
        self.runs = plan.load()

    def test_every_row_and_column_has_a_plan(self):
        planned = plan.make_runs(self.runs, list(self.runs["rows"]), list(self.runs["columns"]), [1, 2, 3])
        self.assertEqual(len(planned), len(self.runs["rows"]) * (1 + len(self.runs["columns"])) * 3)
        self.assertEqual(len({run.name for run in planned}), len(planned))
        for run in planned:
            needs = [] if run.column == plan.BASE else [plan.BASE]
            if run.column not in (plan.BASE, "dense") and self.runs["rows"][run.row].get("teacher"):
                needs.append("dense")
            self.assertEqual(list(run.needs), [f"{run.row}/{column}-{run.seed}/model.safetensors" for column in needs])

    def test_what_a_run_needs_is_planned_before_it_and_among_its_commands(self):
        self.runs["rows"]["digits"]["teacher"] = "dense"
        planned = plan.make_runs(self.runs, ["digits"], ["units-8x"], [1, 2])
        self.assertEqual([run.name for run in planned], [f"digits/{column}-{seed}" for column in ("base", "dense", "units-8x")
                                                         for seed in (1, 2)])
        self.assertEqual([[run.column for run in wave] for wave in runner.waves(planned)],
                         [["base"] * 2, ["dense"] * 2, ["units-8x"] * 2])
        last = planned[-1]
        self.assertIn("--teacher digits/dense-2/model.safetensors", last.commands[2])
        self.assertEqual(last.commands[:2], [run.commands[number] for number, run in enumerate((planned[1], planned[3]))])

    def test_all_columns_are_trained_alike_but_for_the_pruning(self):
        of_the_column = {"--teacher", "--distill", "--dropout", "--dropout-input", "--dropout-hidden"}
        for row, declared in self.runs["rows"].items():
            trained = {}
            for column, settings in self.runs["columns"].items():
                words = plan.make_run(self.runs, row, column, 2).stages[0][1]
                options = dict(zip(words, words[1:]))
                for option in ("--out", *settings["prune"]):
                    options.pop(option)
                trained[column] = {name: value for name, value in options.items() if name.startswith("--")}
            dense = trained.pop("dense")
            like = next(iter(trained.values()))
            for column, options in trained.items():
                self.assertEqual(options, like, f"{row}/{column}")
            # Dropout is tuned for dense; it may have no teacher. Updates and schedule are the same.
            tuned = of_the_column if declared.get("columns", {}).get("dense") else set()
            self.assertEqual({name: value for name, value in dense.items() if name not in tuned},
                             {name: value for name, value in like.items() if name not in tuned}, row)

    def test_balanced_columns_have_a_golden_model(self):
        for column in self.runs["columns"]:
            files = [file for file, _ in plan.make_run(self.runs, "digits", column, 1).stages]
            self.assertEqual("golden.json" in files, column.startswith("balanced"))

    def test_golden_models_are_trained_on_in_integers_with_the_seed_of_their_run(self):
        for row in self.runs["rows"]:
            words = dict(plan.make_run(self.runs, row, "balanced-8x", 3).stages)["golden.safetensors"]
            self.assertGreater(int(words[words.index("--fine-tune") + 1]), 0, row)
            self.assertEqual(words[words.index("--seed") + 1], "3")
            self.assertIn("--resume", words)

    def test_later_options_replace_earlier_ones(self):
        self.assertEqual(plan.values_of({"--k": 1, "--regrow": True}, None, {"--k": 2, "--regrow": False}), ["--k", "2"])

    def test_unknown_names_are_refused(self):
        with self.assertRaisesRegex(Problem, "ROWS=digits,mnist: mnist not known; expected some of a, digits"):
            plan.select(["a", "digits"], "digits,mnist", "ROWS")

    def test_texts_that_one_must_own(self):
        self.assertEqual(data.missing("ptb", {}), "needs PTB_DIR=folder")
        self.assertEqual(data.missing("ptb", {"PTB_DIR": "x"}), "")
        self.assertEqual(data.missing("digits", {}), "")


class Queue(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.work = pathlib.Path(self.folder.name)
        program = self.work / "lacuna"
        program.write_text(PROGRAM)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.runs = plan.load()
        self.planned = plan.make_runs(self.runs, ["kjv-words"], ["dense", "balanced-8x"], [1])

    def calls(self):
        return [line.split()[0] for line in (self.work / "calls").read_text().splitlines()]

    def test_a_broken_run_goes_on_where_it_ended_and_nothing_is_done_twice(self):
        (self.work / "broken").touch()
        failed = runner.execute(self.planned, self.work, 1, "")
        self.assertEqual(failed, ["kjv-words/dense-1"])
        self.assertEqual(runner.execute(self.planned, self.work, 1, ""), [])
        self.assertEqual(self.calls().count("train"), 1)
        self.assertEqual(self.calls().count("prune"), 3)
        self.assertEqual(self.calls().count("quantise"), 1)
        before = len(self.calls())
        self.assertEqual(runner.execute(self.planned, self.work, 1, ""), [])
        self.assertEqual(len(self.calls()), before)

        kept = self.work / "kept"
        results.collect(self.planned, self.work, kept)
        items = results.load(kept)
        self.assertEqual([item["column"] for item in items], ["balanced-8x", "dense"])
        self.assertEqual((items[0]["float"], items[0]["golden"]), (100.5, 101.5))
        self.assertNotIn("golden", items[1])
        # The dense model does not fit the part; its cycles count, and the table says so.
        self.assertEqual([item.get("fits", True) for item in items], [True, False])
        text = table.row_table(self.runs, "kjv-words", results.summary(items)["kjv-words"], 100)
        self.assertIn("| 784.0 * |", text)
        self.assertIn("| 784.0 |", text)
        # The same digits again are still those of the first commit.
        first = (kept / "kjv-words.dense.1.json").read_bytes()
        (self.work / "kjv-words/dense-1/commit").write_text("another\n")
        results.collect(self.planned, self.work, kept)
        self.assertEqual((kept / "kjv-words.dense.1.json").read_bytes(), first)

    def test_a_run_that_broke_in_a_later_stage_repeats_that_stage_alone(self):
        (self.work / "half").touch()
        self.assertEqual(runner.execute(self.planned, self.work, 1, ""), ["kjv-words/dense-1"])
        self.assertFalse((self.work / "kjv-words/dense-1/test.json").exists())
        self.assertEqual(runner.execute(self.planned, self.work, 1, ""), [])
        self.assertEqual(self.calls().count("prune"), 2)
        self.assertEqual(self.calls().count("evaluate"), 4)
        results.collect(self.planned, self.work, self.work / "kept")
        self.assertEqual([item["float"] for item in results.load(self.work / "kept")], [100.5, 100.5])

    def test_results_of_other_commands_are_left_out_of_the_table(self):
        runner.execute(self.planned, self.work, 1, "")
        kept = self.work / "kept"
        results.collect(self.planned, self.work, kept)
        self.assertEqual(len(results.of_the_plan(self.runs, results.load(kept))), 2)
        self.runs["columns"]["balanced-8x"]["prune"]["--k"] = 3
        self.assertEqual([item["column"] for item in results.of_the_plan(self.runs, results.load(kept))], ["dense"])
        with contextlib.redirect_stdout(io.StringIO()) as out:
            main.publish(self.runs, ["kjv-words"], [1], {}, kept)
        self.assertIn("1 results were made with other commands", out.getvalue())
        self.assertIn("balanced-8x, ", out.getvalue().split("- kjv-words: ")[1])
        # A change of the teacher leaves out what learnt from it, too.
        self.runs["columns"]["balanced-8x"]["prune"]["--k"] = 2
        self.runs["rows"]["kjv-words"]["columns"]["dense"]["--dropout"] = 0.25
        self.assertEqual(results.of_the_plan(self.runs, results.load(kept)), [])

    def test_results_that_learnt_from_other_data_are_left_out_of_the_table(self):
        items = [{**record("wikitext-words", "dense", seed, 100.0), "stages": [{"data_sha256": sha}], "words": 1200}
                 for seed, sha in ((1, "a"), (2, "b"), (3, "b"))]
        self.assertEqual([item["seed"] for item in results.of_one_data(items)], [2, 3])
        items.append({**record("digits", "dense", 1, 0.1, key="accuracy"), "stages": [{"data_sha256": "c"}]})
        self.assertEqual([item["seed"] for item in results.of_one_data(items)], [2, 3, 1])
        kept = self.work / "kept"
        kept.mkdir()
        for item in items:
            item["commands"] = plan.make_run(self.runs, item["row"], item["column"], item["seed"]).commands
            (kept / f"{item['row']}.{item['column']}.{item['seed']}.json").write_text(json.dumps(item))
        with contextlib.redirect_stdout(io.StringIO()) as out:
            main.publish(self.runs, ["wikitext-words"], [1, 2, 3], {}, kept)
        self.assertIn("1 results learnt from other data", out.getvalue())
        self.assertIn("Learnt from 1,200 words.", out.getvalue())

    def test_a_text_in_place_of_another_is_refused(self):
        source = self.work / "source"
        source.mkdir()
        for part in ("train", "valid", "test"):
            (source / f"{part}.txt").write_text(f"some words to {part}\n")
        with contextlib.redirect_stdout(io.StringIO()):
            for _ in range(2):
                data.prepare("wikitext", self.work, {"WIKITEXT_DIR": str(source)})
        self.assertEqual((self.work / "data/wikitext/train.txt").read_text(), "some words to train\n")
        (source / "train.txt").write_text("more words to train\n")
        with self.assertRaisesRegex(Problem, "WIKITEXT_DIR=.*: train.txt of it would differ from what is in"):
            data.prepare("wikitext", self.work, {"WIKITEXT_DIR": str(source)})
        self.assertEqual((self.work / "data/wikitext/train.txt").read_text(), "some words to train\n")
        self.assertEqual([file.name for file in (self.work / "data").iterdir()], ["wikitext"])
        # A record says how much there was to learn from.
        planned = plan.make_runs(self.runs, ["wikitext-words"], ["dense"], [1])
        runner.execute(planned, self.work, 1, "")
        results.collect(planned, self.work, self.work / "kept")
        self.assertEqual(results.load(self.work / "kept")[0]["words"], 4)

    def test_other_commands_in_the_same_folder_are_refused(self):
        runner.execute(self.planned, self.work, 1, "")
        self.runs["rows"]["kjv-words"]["prune"]["--epochs"] = 1
        changed = plan.make_runs(self.runs, ["kjv-words"], ["dense"], [1])
        with self.assertRaisesRegex(Problem, "other commands(.|\n)*kjv-words/dense-1"):
            runner.check_plan(changed, self.work)
        runner.check_plan(self.planned, self.work)


class Table(unittest.TestCase):
    def setUp(self):
        self.runs = plan.load()
        self.records = [record("kjv-words", "dense", seed, 100.0 + seed) for seed in (1, 2, 3)]
        self.records += [record("kjv-words", "balanced-8x", 1, 103.02, 104.04)]
        self.summary = results.summary(self.records)

    def test_mean_and_spread_are_those_of_the_seeds(self):
        cell = self.summary["kjv-words"]["dense"]
        self.assertEqual((cell["float"], cell["float_spread"], cell["seeds"]), (102.0, 1.0, [1, 2, 3]))
        self.assertNotIn("golden", cell)

    def test_the_table_compares_with_dense_float(self):
        text = table.markdown(self.runs, self.summary, [])
        self.assertIn("| dense | 1,000 | 8.00x | 102.0 ± 1.0 |", text)
        # Dense of the same seed: 101.
        self.assertIn("| bank-balanced 8x | 1,000 | 8.00x | 103.0 | +2.00 % | 104.0 | +3.01 % | 784.0 | 7.84 | 1 |", text)
        self.assertIn("learnt from the dense one of their seed", text)
        self.assertNotIn("learnt from", table.row_table(self.runs, "digits", results.summary([record("digits", "dense", 1, 0.02, key="accuracy")])["digits"], 100))

    def test_the_training_speed_is_said(self):
        speed = {"ratio": 1.407, "processor_ratio": 1.3, "load_average": [2.49, 0, 0], "torch": "1.13", "threads": 1, "model": "words", "streams": 32, "steps": 35}
        text = table.markdown(self.runs, self.summary, [], [speed, {**speed, "threads": 2, "ratio": 0.9}])
        self.assertIn("with 1 thread 1.30 times PyTorch 1.13's by processor time, 1.41 times on the wall (load 2.5); "
                      "with 2 threads 1.30 times PyTorch 1.13's by processor time, 0.90 times on the wall (load 2.5).", text)
        self.assertIn("not measured", table.markdown(self.runs, self.summary, []))

    def test_of_an_accuracy_the_errors_are_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "test.json"
            file.write_text('{"results": [{"accuracy": 0.96875}]}')
            self.assertEqual(results.figure_of(file), ("accuracy", 0.03125))

    def test_results_made_again_are_compared_digit_by_digit(self):
        versions = {"compiler": "c++ 12", "eigen": "3.4.0", "instruction_set": "x86-64-v3", "system": "a"}
        before = {**record("digits", "dense", 1, 0.03), "commands": ["a"], "commit": "1", "versions": versions}
        again = {**before, "commit": "2", "versions": {**versions, "system": "b"}}
        with tempfile.TemporaryDirectory() as name:
            old, new = pathlib.Path(name) / "old", pathlib.Path(name) / "new"
            for folder, item in ((old, before), (new, again)):
                folder.mkdir()
                (folder / "digits.dense.1.json").write_text(json.dumps(item))

            def compare(*folders):
                options = argparse.Namespace(results=folders[0], against=folders[1])
                said = io.StringIO()
                with contextlib.redirect_stdout(said):
                    main.compare(options, None)
                return said.getvalue()
            self.assertIn("digits.dense.1: the same digits\n1 of 1 runs", compare(new, old))
            again["float"] = 0.030000001
            again["versions"]["compiler"] = "c++ 14"
            (new / "digits.dense.1.json").write_text(json.dumps(again))
            with self.assertRaisesRegex(Problem, "1 of 1 runs gave other digits"):
                compare(new, old)
            self.assertEqual(results.differences(before, again),
                             ["float 0.03 before, 0.030000001 now", "compiler was 'c++ 12', now 'c++ 14'"])
            for folders in ((old, old), (pathlib.Path(name) / "none", old)):
                with self.assertRaisesRegex(Problem, "expected a folder with results"):
                    compare(*folders)

    def test_errors_are_compared_in_points(self):
        summary = results.summary([record("digits", "dense", 1, 0.02, key="accuracy"),
                                   record("digits", "units-8x", 1, 0.05, key="accuracy")])
        self.assertIn("| +3.00 points |", table.row_table(self.runs, "digits", summary["digits"], 100))

    def test_what_is_missing_is_said(self):
        lines = table.what_is_missing(self.runs, self.summary, ["kjv-words", "digits"], [1, 2, 3], {"digits": "because"})
        self.assertIn("kjv-words: balanced-8x, seed 2, 3", lines)
        self.assertIn("digits: all columns, seed 1, 2, 3 (because)", lines)
        self.assertFalse([line for line in lines if "dense" in line.split(":")[1].split(", ")])

    def test_the_page_has_a_mark_for_every_figure_and_nothing_from_elsewhere(self):
        text = page.page(self.runs, self.summary, ["x < y"])
        self.assertEqual(text.count("<circle"), 2 * 2)
        self.assertEqual(text.count("<rect"), 2 * 1)
        self.assertIn("x &lt; y", text)
        self.assertNotIn("http", text)
        self.assertNotIn("<script", text)

    def test_ticks_are_round_and_inside(self):
        self.assertEqual(page.ticks(0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
        self.assertEqual(page.ticks(98.3, 104.9), [100, 102, 104])


class Data(unittest.TestCase):
    def test_the_series_keeps_its_equation(self):
        # With more samples the beginning shifts, so compare one unit of time by its own slopes instead.
        values = mackey_glass.series(400)
        self.assertEqual(values, mackey_glass.series(400))
        self.assertTrue(0.2 < min(values) < 0.6 and 1.1 < max(values) < 1.4)
        errors = []
        for t in range(19, 398):
            slope = mackey_glass.slope(values[t], values[t - 17])
            errors.append(abs(slope - (values[t - 2] - 8 * values[t - 1] + 8 * values[t + 1] - values[t + 2]) / 12))
        self.assertLess(sum(errors) / len(errors), 0.00003)  # of the difference itself, fourth order: 0.000024

    def test_results_that_are_kept_are_whole(self):
        for item in results.load(plan.ROOT / "results" / "accuracy"):
            with self.subTest(item=f"{item['row']} {item['column']} {item['seed']}"):
                self.assertTrue(item["commands"] and item["commit"] and item["versions"]["compiler"])
                self.assertNotIn("/root", json.dumps(item))


if __name__ == "__main__":
    unittest.main()
