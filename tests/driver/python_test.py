#!/usr/bin/env python3
"""python/lacuna.py on a simulated board: python_test.py <lacuna-board-sim> <golden_steps> <folder of lacuna.py>

LACUNA_LIBRARY names the library. Every output is compared with the golden model's.
"""

import os
import random
import subprocess
import sys
import tempfile
import unittest

BOARD_SIM, GOLDEN, FOLDER = sys.argv[1:4]
sys.path.insert(0, FOLDER)
import lacuna  # noqa: E402  (the folder is an argument)


def golden(*arguments, text=""):
    """Rows of integers that golden_steps prints."""
    done = subprocess.run([GOLDEN, *map(str, arguments)], input=text, capture_output=True, text=True, check=True)
    return [[int(value) for value in line.split(",")] for line in done.stdout.splitlines()]


def golden_run(model, rows):
    return golden("run", model, text="".join(",".join(map(str, row)) + "\n" for row in rows))


class BoardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model_path = os.path.join(cls.folder.name, "small.safetensors")
        golden("make", cls.model_path, 5)
        cls.port = os.path.join(cls.folder.name, "board")
        cls.simulation = subprocess.Popen([BOARD_SIM, "--link", cls.port], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        cls.simulation.stdout.readline()
        cls.board = lacuna.Board(cls.port)
        cls.stages = []
        cls.model = cls.board.load(cls.model_path, lambda what, done, total: cls.stages.append((what, done, total)))

    @classmethod
    def tearDownClass(cls):
        cls.board.close()
        cls.simulation.terminate()
        cls.simulation.communicate()
        cls.folder.cleanup()

    def rows(self, count, seed=1):
        source = random.Random(seed)
        return [[source.randint(-128, 127) for _ in range(self.model.inputs)] for _ in range(count)]

    def test_what_the_device_and_the_model_are(self):
        info = self.board.info()
        self.assertEqual((info.activation_bits, info.baud, info.protocol), (8, 1000000, 1))
        self.assertNotEqual(info.model, 0)
        self.assertEqual((self.model.inputs, self.model.outputs, self.model.units, self.model.vocabulary), (20, 21, 40, 21))
        self.assertGreater(self.board.counters()["frames_good"], 0)
        self.assertTrue(self.stages and all(done <= total for _, done, total in self.stages))

    def test_runs_equal_golden_and_go_on_over_calls(self):
        rows = self.rows(300)  # more than a call into the library takes
        expected = golden_run(self.model_path, rows)
        self.board.clear()
        self.assertEqual(self.board.run(rows[:270]) + self.board.run(rows[270:], lacuna.GENERATE), expected)
        self.assertEqual(self.board.info().steps, 300)

    def test_state_is_read_and_written(self):
        rows = self.rows(6, seed=2)
        self.board.clear()
        self.board.run(rows[:3])
        state = self.board.read_state()
        after = self.board.run(rows[3:])
        self.board.write_state(*state)
        self.assertEqual(self.board.read_state(), state)
        self.assertEqual(self.board.run(rows[3:]), after)
        self.assertEqual(after, golden_run(self.model_path, rows)[3:])

    def test_text(self):
        self.board.clear()
        made = self.board.generate(self.model.decode([4]), 300)
        self.assertEqual(self.model.encode(made), bytes(row[0] for row in golden("generate", self.model_path, 4, 300)))
        with self.assertRaisesRegex(lacuna.Error, "not in the model's vocabulary"):
            self.model.encode("\N{SNOWMAN}")

    def test_arrays_of_numpy_give_arrays(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("there is no NumPy here, and none is needed")
        self.board.clear()
        rows = self.rows(3)
        outputs = self.board.run(numpy.array(rows))
        self.assertEqual((outputs.shape, outputs.tolist()), ((3, self.model.outputs), golden_run(self.model_path, rows)))

    def test_quantise_rounds_and_limits(self):
        scale = self.model.input_scale
        self.assertEqual(self.model.quantise([0, 3 * scale, -1e9, 1e9]), [0, 3, -128, 127])

    def test_failures_say_what_and_leave_the_board_usable(self):
        with self.assertRaisesRegex(lacuna.Error, "row 1 has 19 values, expected 20"):
            self.board.run([[0] * 20, [0] * 19])
        with self.assertRaisesRegex(lacuna.Error, "beyond 8 bits"):
            self.board.run([[128] * 20])
        with self.assertRaisesRegex(lacuna.Error, "token 21 is not one of the model's"):
            self.board.run_tokens([21])
        with self.assertRaisesRegex(lacuna.PortError, "another program uses it"):
            lacuna.Board(self.port)
        with self.assertRaisesRegex(lacuna.PortError, "no port '/dev/ttyNONE'"):
            lacuna.Board("/dev/ttyNONE")
        with self.assertRaisesRegex(lacuna.LinkError, "at most 2000000"):
            self.board.set_baud(3000000)
        self.board.clear()
        rows = self.rows(1, seed=3)
        self.assertEqual(self.board.run(rows), golden_run(self.model_path, rows))

    def test_an_exception_in_progress_ends_loading(self):
        other = os.path.join(self.folder.name, "other.safetensors")
        golden("make", other, 6)

        def stop(*_):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.board.load(other, stop)
        self.assertEqual(self.board.info().model, 0)
        with self.assertRaisesRegex(lacuna.Error, "no model was loaded"):
            self.board.run([[0] * 20])
        type(self).model = self.board.load(self.model_path)

    def test_a_closed_board_says_so(self):
        board = lacuna.Board.__new__(lacuna.Board)
        with self.assertRaises(lacuna.PortError):
            board.__init__("/dev/ttyNONE")
        board.close()
        with self.assertRaisesRegex(lacuna.Error, "was closed"):
            board.info()


unittest.main(argv=sys.argv[:1])
