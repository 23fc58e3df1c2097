"""What a watch sends is what reads answer, for everybody; a list is where a watch begins."""
import threading
import unittest

from broker import Broker, Refused
from test_order import approve_all, create_project, example, load_example

ORDERS = ["project", "order", "item"]


class Watch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("watch").start().furnish()
        cls.addClassCleanup(cls.broker.close)
        load_example(cls.broker)
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")
        cls.operator = cls.broker.client("alpine", "operator")

    def place(self, name):
        order = example("order.json")
        order["id"] = f"coast/{name}"
        self.portal.call("OrderService.PlaceOrder", **order)
        return order

    def changes(self, client, method, **fields):
        """All changes there are now; a watch that does not follow ends with its position."""
        found, position = [], None
        for message in client.stream(method, timeout=20, **fields):
            found += message.get("changes", [])
            position = message.get("position", position)
        return found, position

    def as_read(self, client, change):
        """The record of a change as a read as of the position of the change answers it."""
        get = {"project": "OrderService.GetProject", "order": "OrderService.GetOrder",
               "item": "OrderService.GetOrder", "provider": "CatalogueService.GetProvider",
               "service": "CatalogueService.GetService"}[change["kind"]]
        is_item = change["kind"] == "item"
        key = change["id"].rsplit("/", 1)[0] if is_item else change["id"]
        reply = client.call(get, id=key, as_of={"seq": change["seq"]})
        if is_item:
            return next(item for item in reply["items"] if item["id"] == change["id"])
        return reply["order"] if change["kind"] == "order" else reply

    def compare(self, client, method, **fields):
        found, _ = self.changes(client, method, after={"seq": 0}, **fields)
        puts = [change for change in found if change["op"] == "PUT"]
        for change in puts:
            with self.subTest(f"{change['kind']} {change['id']} at {change['seq']}"):
                self.assertEqual(change[change["kind"]], self.as_read(client, change))
        return puts

    def test_1_a_watch_shows_what_reads_show(self):
        order = self.place("o-same")
        approve_all(self.broker, order)
        # Once from the log, and once from the ring, which somebody who watches fills.
        for name, ring in (("log", False), ("ring", True)):
            if ring:
                stream = self.portal.stream("OrderService.WatchOrders", follow=True)
                next(stream)
                approve_all(self.broker, self.place("o-ring"))
            for client, is_owner in ((self.portal, True), (self.operator, False)):
                puts = self.compare(client, "OrderService.WatchOrders", id_prefix="coast")
                kinds = {put["kind"] for put in puts}
                self.assertLessEqual({"order", "item"}, kinds, name)
                orders = [put["order"] for put in puts if put["kind"] == "order"]
                self.assertTrue(all("created_at" in order for order in orders))
                hidden = {"project", "placed_by", "request_hash", "sources"}
                for shown in orders:
                    self.assertEqual(hidden & set(shown), hidden if is_owner else set())
        self.compare(self.portal, "CatalogueService.Watch")

    def test_2_a_list_then_a_watch_misses_nothing(self):
        for n in range(5):
            self.place(f"o-list-{n}")
        writer = threading.Thread(
            target=lambda: [self.place(f"o-more-{n}") for n in range(15)])
        page = self.portal.call("OrderService.ListOrders", page_size=2)
        # Of the first page, whatever is written while the others are read.
        first = self.portal.seq
        writer.start()
        orders = {}
        while True:
            orders.update({order["id"]: order for order in page.get("orders", [])})
            token = page.get("next_page_token", "")
            if not token:
                break
            page = self.portal.call("OrderService.ListOrders", page_size=2, page_token=token)
        writer.join()
        found, position = self.changes(self.portal, "OrderService.WatchOrders", kinds=["order"],
                                       after={"seq": first})
        self.assertGreaterEqual(int(position["seq"]), max(int(c["seq"]) for c in found))
        for change in found:
            orders[change["id"]] = change["order"]
        now = {order["id"]: order
               for order in self.portal.pages("OrderService.ListOrders", "orders")}
        self.assertEqual(orders, now)

    def test_3_a_whole_position_is_one_commit(self):
        """`more` is on all but the last change of a position that this caller sees."""
        for client in (self.portal, self.operator):
            for kinds in (ORDERS, ["item"], ["order"]):
                found, _ = self.changes(client, "OrderService.WatchOrders", after={"seq": 0},
                                        kinds=kinds)
                for change, after in zip(found, found[1:] + [None]):
                    is_last = after is None or after["seq"] != change["seq"]
                    self.assertEqual(change.get("more", False), not is_last)

    def test_4_a_position_ahead_says_how_far_it_is(self):
        self.portal.call("OrderService.GetProject", id="coast/p1")
        ahead = self.portal.seq + 1000
        with self.assertRaises(Refused) as caught:
            list(self.portal.stream("OrderService.WatchOrders", after={"seq": ahead}))
        self.assertEqual(caught.exception.reason, "AHEAD")
        self.assertEqual(caught.exception.values,
                         {"seq": str(ahead), "applied": str(self.portal.seq)})

    def test_4_a_stream_begins_with_its_position_and_tag(self):
        tags = set()
        for client in (self.portal, self.operator):
            first = next(client.stream("OrderService.WatchOrders", after={"seq": 3}))
            self.assertEqual(first["position"]["seq"], "3")
            self.assertNotIn("changes", first)
            tags.add(first["position"]["scope_tag"])
        self.assertEqual(len(tags), 2)

    def test_4_each_watch_sends_its_own_kinds_only(self):
        for method, kind in (("OrderService.WatchOrders", "service"),
                             ("CatalogueService.Watch", "order"),
                             ("ConfigurationService.Watch", "provider")):
            with self.assertRaises(Refused) as caught:
                list(self.portal.stream(method, kinds=[kind]))
            self.assertEqual(caught.exception.status, "INVALID_ARGUMENT")


if __name__ == "__main__":
    unittest.main(verbosity=2)
