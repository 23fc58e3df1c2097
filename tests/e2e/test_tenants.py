"""Registries, providers and projects that share a broker learn nothing of one another."""
import json
import unittest

import strangers
from rights import MAY_CALL, ROLES, may_call
from town import KNOWN_TO, Town, ask, item

# Reads of all kinds, beside those strangers try; together they touch every record there is.
READS = {
    "CatalogueService.GetService": [{"id": f"alpine/{s}"} for s in ("lab", "press", "hidden")],
    "CatalogueService.GetProvider": [{"id": f"alpine/{p}"} for p in ("compute", "library")],
    "CatalogueService.SearchServices": [{"query": w} for w in KNOWN_TO],
    "OrderService.GetProject": [{"id": "coast/p2"}],
    "OrderService.GetOrder": [{"id": "coast/o2"}],
    "OrderService.WatchOrders": [{**strangers.WATCH, "kinds": [k]}
                                 for k in ("project", "order", "item", "message")],
    "OrderService.ListMessages": [{"order": f"coast/{o}"} for o in ("o1", "o2")],
    "ConfigurationService.Trace": [{"order": "coast/o2"}],
    "RegistryService.GetRegistry": [{"id": r} for r in ("alpine", "coast", "hills")],
    "RegistryService.GetPrincipal": [{"id": f"{r}/{r}-{role.lower()}"} for role in ROLES
                                     for r in ("alpine", "coast")],
}
# What an answer may hold and still be empty.
FRAME = {"position", "next_page_token", "total", "seed", "sample", "suggestions", "facets"}


class Tenants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.town = Town()
        cls.addClassCleanup(cls.town.close)
        cls.people = cls.town.clients
        cls.cases = strangers.cases(cls.town)
        pool = cls.town.home.pool()
        cls.methods = [f"{name.split('.')[2]}.{method.name}"
                       for name in cls.town.home.services() if name.startswith("kontor.v1.")
                       for method in pool.FindServiceByName(name).methods]

    def people_of(self, registry):
        return [(f"{registry}-{role.lower()}", role) for role in ROLES]

    def told_nothing(self, name, method, answer):
        for word in KNOWN_TO:
            if not self.town.may_know(name, word):
                self.assertNotIn(word.encode(), answer.raw,
                                 f"{name} learns {word} from {method}")

    # Rights ----------------------------------------------------------------------------

    def test_1_the_tables_name_every_method(self):
        self.assertGreater(len(self.methods), 60)
        self.assertEqual(sorted(MAY_CALL), sorted(self.methods))
        self.assertEqual(sorted(self.cases), sorted(self.methods))

    def test_2_every_method_is_refused_to_every_role_that_is_not_listed(self):
        n = 0
        for method in self.methods:
            for name, role in self.people_of("hills"):
                with self.subTest(f"{method} by {role}"):
                    answer = ask(self.people[name], method, {})
                    if may_call(method, role):
                        self.assertNotEqual(answer.reason(), "ROLE_MISSING")
                        continue
                    self.assertEqual(answer.reason(), "ROLE_MISSING")
                    self.assertEqual(answer.refused.status, "PERMISSION_DENIED")
                    n += 1
        self.assertGreater(n, 300)

    def test_2_the_home_admin_may_what_only_the_home_admin_may(self):
        for method in self.methods:
            with self.subTest(method):
                reason = ask(self.people["alpine-admin"], method, {}).reason()
                self.assertEqual(reason == "ROLE_MISSING",
                                 not may_call(method, "ADMIN", is_home=True))

    # Strangers -------------------------------------------------------------------------

    def judged(self, answer, expected):
        if expected == strangers.EMPTY:
            self.assertEqual(answer.reason(), "OK", answer.refused)
            for message in answer.messages:
                self.assertLessEqual(set(message), FRAME, message)
                self.assertFalse(message.get("total"), message)
            return
        if expected == strangers.REFUSED:
            self.assertEqual(answer.reason(), "OK", answer.refused)
            for result in answer.messages[0]["results"]:
                self.assertEqual(result["outcome"], "REFUSED", result)
            return
        self.assertEqual(answer.reason(), expected, answer.refused or answer.messages)

    def test_3_strangers_find_nothing_and_change_nothing(self):
        before = self.town.seq()
        for method, tries in self.cases.items():
            for name, role in self.people_of("hills"):
                for fields, expected in tries:
                    if not may_call(method, role):
                        expected = "ROLE_MISSING"
                    with self.subTest(f"{method} by {role}", fields=fields):
                        answer = ask(self.people[name], method, fields)
                        self.judged(answer, expected)
                        self.told_nothing(name, method, answer)
        self.assertEqual(self.town.seq(), before, "a stranger wrote something")

    def test_3_what_is_there_and_what_is_not_look_the_same(self):
        """Error texts but for the id itself."""
        for name, method, there, missing in (
                ("hills-portal", "OrderService.GetOrder", "coast/o1", "coast/o7"),
                ("hills-portal", "OrderService.CancelOrder", "coast/o1", "coast/o7"),
                ("hills-operator", "OrderService.DecideItem", "coast/o2/a", "coast/o2/z"),
                ("hills-admin", "OrderService.GetProject", "coast/p1", "coast/p7"),
                ("hills-reader", "CatalogueService.GetService", "alpine/hidden", "alpine/nowher"),
                ("hills-admin", "RegistryService.GetPrincipal", "coast/ops", "coast/opa"),
                ("hills-admin", "RegistryService.DeletePrincipal", "coast/ops", "coast/opa"),
                ("p2-portal", "OrderService.GetOrder", "coast/o1", "coast/o7"),
                ("library-operator", "CatalogueService.GetService", "alpine/hidden",
                 "alpine/nowher")):
            with self.subTest(method, name=name):
                more = {"decision": "APPROVE"} if method.endswith("DecideItem") else {}
                texts = []
                for local in (there, missing):
                    refused = ask(self.people[name], method, {"id": local, **more}).refused
                    self.assertIsNotNone(refused)
                    texts.append((refused.status, refused.reason,
                                  (refused.text + json.dumps(refused.details, sort_keys=True))
                                  .replace(local, "?")))
                self.assertEqual(texts[0], texts[1])

    def test_3_another_ones_page_token_opens_nothing(self):
        first = self.people["coast-portal"].call("OrderService.ListOrders", page_size=1)
        self.assertTrue(first["next_page_token"])
        for name in ("hills-portal", "p2-portal"):
            answer = ask(self.people[name], "OrderService.ListOrders",
                         {"page_size": 1, "page_token": first["next_page_token"]})
            self.told_nothing(name, "ListOrders", answer)
            self.assertFalse([m for m in answer.messages if m.get("orders")])

    def test_3_another_ones_request_id_answers_nothing(self):
        asked = {"project": {"id": "coast/p3", "name": "zqcustomer again"},
                 "request_id": "8a6e0804-2bd0-4672-b79d-d97027f9071a"}
        self.people["coast-portal"].call("OrderService.CreateProject", **asked)
        answer = ask(self.people["hills-portal"], "OrderService.CreateProject", asked)
        self.assertEqual(answer.reason(), "OTHER_REGISTRY")

    # Inside a registry -----------------------------------------------------------------

    def test_4_a_provider_changes_nothing_of_the_other(self):
        proof = {"item": "coast/o1/b", "fence": str(self.town.fence)}
        before = self.town.seq()
        for name, method, fields, expected in (
                ("compute-operator", "CatalogueService.UpdateProvider",
                 {"provider": {"id": "alpine/library", "name": "x"}}, "NOT_OWNER"),
                ("compute-operator", "CatalogueService.UpdateService",
                 {"service": {"id": "alpine/press", "name": "x"}}, "NOT_OWNER"),
                ("library-operator", "CatalogueService.UpdateService",
                 {"service": {"id": "alpine/hidden", "name": "x"}}, "NOT_FOUND"),
                ("library-operator", "CatalogueService.CreateService",
                 {"service": {"id": "alpine/more", "provider": "alpine/compute", "name": "x",
                              "phase": "PRODUCTION"}}, "NOT_OWNER"),
                ("library-operator", "OrderService.DecideItem",
                 {"id": "coast/o2/a", "decision": "APPROVE"}, "NOT_FOUND"),
                ("compute-operator", "OrderService.DecideItem",
                 {"id": "coast/o2/b", "decision": "REJECT", "reason": "x"}, "NOT_FOUND"),
                ("compute-operator", "OrderService.OverrideItem",
                 {"id": "coast/o1/b", "override": "FAIL", "reason": "x"}, "NOT_FOUND"),
                ("compute-agent", "FulfilmentService.RegisterAgent",
                 {"offers": ["alpine/press/one"]}, "NOT_OWNER"),
                ("compute-agent", "FulfilmentService.Claim", {"session": self.town.session},
                 "NOT_FOUND"),
                ("compute-agent", "FulfilmentService.Renew", {"session": self.town.session},
                 "NOT_FOUND"),
                ("compute-agent", "FulfilmentService.Complete",
                 {**proof, "delivery": {"backend_id": "x"}}, "NOT_FOUND"),
                ("compute-agent", "FulfilmentService.Fail",
                 {**proof, "failure": "UNKNOWN", "reason": "x"}, "NOT_FOUND")):
            with self.subTest(method, name=name):
                answer = ask(self.people[name], method, fields)
                self.assertEqual(answer.reason(), expected, answer.refused)
                self.told_nothing(name, method, answer)
        self.assertEqual(self.town.seq(), before)

    def test_4_a_project_changes_nothing_of_the_other(self):
        before = self.town.seq()
        for method, fields, expected in (
                ("OrderService.GetProject", {"id": "coast/p1"}, "NOT_FOUND"),
                ("OrderService.UpdateProject", {"project": {"id": "coast/p1", "name": "x"}},
                 "NOT_FOUND"),
                ("OrderService.CreateProject", {"project": {"id": "coast/p9", "name": "x"}},
                 "NOT_OWNER"),
                ("OrderService.GetOrder", {"id": "coast/o1"}, "NOT_FOUND"),
                ("OrderService.CancelOrder", {"id": "coast/o2"}, "NOT_FOUND"),
                ("OrderService.PlaceOrder",
                 {"id": "coast/o9", "project": "coast/p1", "items": strangers.NEW_ORDER},
                 "NOT_FOUND"),
                ("ConfigurationService.Trace", {"order": "coast/o1"}, "NOT_FOUND")):
            with self.subTest(method):
                answer = ask(self.people["p2-portal"], method, fields)
                self.assertEqual(answer.reason(), expected, answer.refused)
                self.told_nothing("p2-portal", method, answer)
        self.assertEqual(self.town.seq(), before)

    def test_4_an_id_another_project_has_tells_nothing(self):
        answer = ask(self.people["p2-portal"], "OrderService.PlaceOrder",
                     {"id": "coast/o1", "project": "coast/p2", "items": strangers.NEW_ORDER})
        self.assertEqual(answer.reason(), "ORDER_DIFFERS", answer.refused)
        self.told_nothing("p2-portal", "OrderService.PlaceOrder", answer)

    def test_4_customer_and_provider_keep_to_their_sides(self):
        before = self.town.seq()
        for name, method, fields, expected in (
                ("alpine-shifter", "OrderService.CancelOrder", {"id": "coast/o2"}, "NOT_OWNER"),
                ("coast-operator", "OrderService.DecideItem",
                 {"id": "coast/o2/a", "decision": "APPROVE"}, "ROLE_MISSING"),
                ("coast-admin", "OrderService.OverrideItem",
                 {"id": "coast/o1/b", "override": "FAIL", "reason": "x"}, "ROLE_MISSING"),
                ("coast-agent", "FulfilmentService.Complete",
                 {"item": "coast/o1/b", "fence": str(self.town.fence),
                  "delivery": {"backend_id": "x"}}, "ROLE_MISSING"),
                ("alpine-portal", "OrderService.GetProject", {"id": "coast/p1"}, "NOT_FOUND"),
                ("alpine-admin", "RegistryService.GetPrincipal", {"id": "coast/coast-portal"},
                 "NOT_FOUND"),
                ("alpine-admin", "RegistryService.DeletePrincipal",
                 {"id": "coast/coast-portal"}, "NOT_FOUND")):
            with self.subTest(method, name=name):
                answer = ask(self.people[name], method, fields)
                self.assertEqual(answer.reason(), expected, answer.refused)
                self.told_nothing(name, method, answer)
        self.assertEqual(self.town.seq(), before)

    # Everybody reads everything --------------------------------------------------------

    def reads(self):
        """What only reads: a Get, List, Search, Watch or Trace of any kind."""
        for method, tries in self.cases.items():
            verb = method.split(".")[1]
            if verb.startswith(("Get", "List", "Search", "Watch", "Trace", "WhoAmI")):
                for fields in [fields for fields, _ in tries] + READS.get(method, []):
                    yield method, fields

    def test_5_nobody_reads_a_word_that_is_not_for_them(self):
        seen = {word: set() for word in KNOWN_TO}
        n = 0
        for name, client in self.people.items():
            role = self.town.scopes[name][0]
            for method, fields in self.reads():
                if not may_call(method, role):
                    continue
                # A message of an error repeats what was asked: such words prove nothing.
                said = str(fields).encode()
                answer = ask(client, method, fields)
                n += 1
                for word in KNOWN_TO:
                    if word.encode() not in answer.raw or word.encode() in said:
                        continue
                    seen[word].add(name)
                    self.assertTrue(self.town.may_know(name, word),
                                    f"{name} learns {word} from {method} {fields}")
        self.assertGreater(n, 1000)
        for word, readers in seen.items():
            self.assertTrue(readers, f"nobody reads {word}: the test looks past it")

    def test_5_a_provider_learns_id_and_state_of_a_sibling_only(self):
        asked = (("OrderService.GetOrder", {"id": "coast/o2"}), ("OrderService.ListOrders", {}),
                 ("OrderService.WatchOrders", {**strangers.WATCH, "kinds": ["order"]}))
        others = {"library": (b"alpine/compute", b"One of lab"),
                  "compute": (b"alpine/library", b"One of press")}
        for method, fields in asked:
            whole = ask(self.people["coast-portal"], method, fields).raw
            for provider, hidden in others.items():
                answer = ask(self.people[f"{provider}-operator"], method, fields)
                self.assertIn(b"coast/o2", answer.raw, method)
                for word in hidden:
                    self.assertIn(word, whole, f"nobody reads {word}: the test looks past it")
                    self.assertNotIn(word, answer.raw, f"{provider} learns it from {method}")
                self.assertIn("'item': 'a'", str(answer.messages))
                self.assertIn("'item': 'b'", str(answer.messages))

    def test_5_each_message_reaches_all_it_is_for(self):
        words = {"alpine-admin": {"zqalpinetalk", "zqtalka"}, "coast-admin": {"zqcoasttalk", "zqtalka"},
                 "compute-operator": {"zqtalka", "zqwhisper"}, "library-operator": set(),
                 "coast-portal": {"zqcoasttalk", "zqtalka", "zqwhisper"}, "p1-portal": {"zqtalka"},
                 "p2-portal": set(), "hills-admin": set()}
        for name, expected in words.items():
            for method, fields in (("OrderService.ListMessages", {"order": "coast/o1"}),
                                   ("OrderService.WatchOrders",
                                    {**strangers.WATCH, "kinds": ["message"]})):
                with self.subTest(name, method=method):
                    raw = ask(self.people[name], method, fields).raw
                    self.assertEqual({w for w in KNOWN_TO if w.encode() in raw}, expected)

    def follow(self, name, method):
        """The raw messages of a watch that is under way."""
        client = self.people[name]
        path, question, _ = client._method(method)
        call = client.channel.unary_stream(path)(question(follow=True).SerializeToString(),
                                                 timeout=20)
        next(call)
        self.addCleanup(call.cancel)
        return call

    def test_6_a_watch_under_way_tells_nothing_of_others(self):
        portal = self.people["coast-portal"]
        watches = {(n, m): self.follow(n, m) for n, m in (
            ("hills-portal", "OrderService.WatchOrders"),
            ("p2-portal", "OrderService.WatchOrders"),
            ("library-operator", "OrderService.WatchOrders"),
            ("hills-operator", "CatalogueService.Watch"))}
        portal.call("OrderService.UpdateProject",
                    project={"id": "coast/p1", "description": "zqcustomer writes"})
        portal.call("OrderService.PlaceOrder", id="coast/o5", project="coast/p1",
                    note="zqcustomer", items=[item("a", "lab", "zqjoba")])
        portal.call("OrderService.PostMessage", order="coast/o1", text="zqcoasttalk", scope="INTERNAL")
        portal.call("OrderService.PostMessage", order="coast/o1", text="zqtalka", item="a")
        self.people["compute-operator"].call("OrderService.DecideItem", id="coast/o5/a",
                                             decision="REJECT", reason="zqjoba")
        self.people["alpine-admin"].call(
            "CatalogueService.UpdateService",
            service={"id": "alpine/hidden", "tagline": "zqcompute plans on"})
        # What each may see comes last: when it is there, all before it was passed by.
        self.people["hills-portal"].call("OrderService.CreateProject",
                                         project={"id": "hills/last", "name": "Last"})
        portal.call("OrderService.UpdateProject", project={"id": "coast/p2", "name": "Last"})
        self.people["library-operator"].call("OrderService.DecideItem", id="coast/o2/b",
                                             decision="REJECT", reason="Last.")
        self.people["alpine-admin"].call("CatalogueService.UpdateService",
                                         service={"id": "alpine/lab", "tagline": "Last."})
        for (name, method), call in watches.items():
            got = b""
            while b"Last" not in got and b"coast/o2/b" not in got:
                got += next(call)
            for hidden in (b"coast/p1", b"coast/o5", b"alpine/hidden"):
                if name != "library-operator" or hidden != b"coast/p1":
                    self.assertNotIn(hidden, got, name)
            for word in KNOWN_TO:
                if not self.town.may_know(name, word):
                    self.assertNotIn(word.encode(), got, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
