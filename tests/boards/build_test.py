"""Builds with stand-ins for the tools: what is run again, what is kept, and what is refused."""

import unittest
import unittest.mock

from tests.boards import stubs
from tools.bitstream import floorplan, stages
from tools.bitstream.problem import Problem


class Stages(stubs.Stubs):
    """Outputs of a stage that did not end are not taken for those of the inputs that it had before."""

    def with_other_inputs(self):
        return unittest.mock.patch.object(stages, "version", lambda program: "another")

    def test_a_netlist_that_failed_its_check_is_made_again(self):
        self.said(stages.synthesise, self.plan)
        self.assertIn("nothing changed", self.said(stages.synthesise, self.plan)[1])
        self.switch("broken-yosys")
        with self.with_other_inputs(), self.assertRaisesRegex(Problem, "synthesis failed:\n  ERROR: Found 1 problems"):
            self.said(stages.synthesise, self.plan)
        self.switch("broken-yosys", False)
        self.assertNotIn("nothing changed", self.said(stages.synthesise, self.plan)[1])
        self.assertEqual(self.calls(), ["yosys"] * 3)

    def test_a_netlist_that_was_not_given_its_places_is_made_again(self):
        self.said(stages.synthesise, self.plan)
        with (self.with_other_inputs(), unittest.mock.patch.object(floorplan, "pin_file", side_effect=KeyboardInterrupt),
              self.assertRaises(KeyboardInterrupt)):
            self.said(stages.synthesise, self.plan)
        self.assertNotIn("nothing changed", self.said(stages.synthesise, self.plan)[1])

    def test_a_placement_that_failed_is_made_again(self):
        (self.plan.folder / "netlist.json").write_text("{}")
        self.said(stages.place, self.plan, 9)
        self.switch("broken")
        with self.with_other_inputs(), self.assertRaisesRegex(Problem, "place and route failed:\n  ERROR: broken"):
            self.said(stages.place, self.plan, 9)
        self.switch("broken", False)
        self.assertNotIn("nothing changed", self.said(stages.place, self.plan, 9)[1])
        self.assertIn("nothing changed", self.said(stages.place, self.plan, 9)[1])


if __name__ == "__main__":
    unittest.main()
