"""The pages of docs/clients say what the programs have, and nothing else."""
import unittest

import pages

PROGRAM = {("main.x", "one"): "a\n  b\n", ("main.x", "two"): "c\n"}
GOOD = "<!-- main.x: one -->\n```x\na\n  b\n```\ntext\n<!-- main.x: two -->\n```x\nc\n```\n"


class Pages(unittest.TestCase):
    def test_every_page_quotes_its_program(self):
        self.assertEqual(pages.languages(), ["go", "java", "node", "python"])
        for language in pages.languages():
            with open(f"{pages.PAGES}/{language}.md", encoding="utf-8") as file:
                self.assertEqual(pages.faults(language, file.read()), [], language)


class Judge(unittest.TestCase):
    """With a program of our own."""

    def setUp(self):
        self.addCleanup(setattr, pages, "regions", pages.regions)
        pages.regions = lambda language: PROGRAM

    def test_a_page_that_quotes_all_is_right(self):
        self.assertEqual(pages.faults("x", GOOD), [])

    def test_other_code_is_told_and_can_be_copied(self):
        for page in (GOOD.replace("  b", "b"), GOOD.replace("c\n", "")):
            self.assertEqual(len(pages.faults("x", page)), 1, page)
            self.assertEqual(pages.written("x", page), GOOD)

    def test_what_is_not_quoted_is_told(self):
        page = GOOD[:GOOD.index("text")]
        self.assertEqual(pages.faults("x", page), ["main.x: two is not quoted"])

    def test_a_region_that_is_not_there_is_told(self):
        page = GOOD + GOOD[GOOD.index("<!-- main.x: two"):].replace("two", "three")
        self.assertEqual(pages.faults("x", page), ["there is no region three in main.x"])

    def test_code_of_no_program_is_told(self):
        page = GOOD + "```x\nd\n```\n"
        self.assertEqual(pages.faults("x", page), ["there is code that no program has"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
