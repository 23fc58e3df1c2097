"""What an offer has too few of: set aside, waited for in order, and handed on, also by a broker that was killed."""
import concurrent.futures
import unittest

from broker import Broker, Refused, wait_for
from case import until_known
from test_order import create_project, example

OFFER = "alpine/notebooks/gpu"
N_CARDS, N_ORDERS = 8, 24


class Stock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("stock", calls_per_second=1000000).start().furnish()
        cls.addClassCleanup(cls.broker.close)
        source = example("alpine.json")
        cls.service = next(s for s in source["services"] if s["id"] == "alpine/notebooks")
        cls.service["offers"][0]["stock"]["total"] = str(N_CARDS)
        records = [{"provider": p} for p in source["providers"]]
        records += [{"service": s} for s in source["services"]]
        cls.admin = cls.broker.client("alpine", "admin")
        cls.admin.call("CatalogueService.Import", records=records)
        create_project(cls.broker)
        cls.portal = cls.broker.client("coast", "portal")

    def place(self, name, cards=1, **more):
        return self.portal.call(
            "OrderService.PlaceOrder", id=f"coast/{name}", project="coast/p1", timeout=60,
            items=[{"id": "x", "offer": OFFER,
                    "parameters": [{"id": "gpus", "value": {"integer": str(cards)}}]}], **more)

    def stock(self):
        reply = self.portal.call("OrderService.GetStock", offer=OFFER)
        return int(reply.get("taken", 0)), int(reply.get("waiting", 0))

    def items(self):
        return self.portal.pages("OrderService.ListItems", "items", offer=OFFER)

    def of(self, items):
        """Names of the items that have their cards, and of those that wait, longest first."""
        open_items = [i for i in items if i["state"] == "AWAITING_APPROVAL"]
        waiting = [i for i in open_items if "waiting_since" in i["stock"]]
        waiting.sort(key=lambda i: (i["stock"]["waiting_since"], i["id"]))
        return ({i["id"] for i in open_items if i["stock"].get("is_reserved")},
                [i["id"] for i in waiting])

    def test_1_many_at_once_get_what_there_is_and_the_rest_waits(self):
        plan = self.place("plan", validate_only=True)["plan"]
        self.assertNotIn("waiting_since", plan["items"][0]["stock"])
        self.assertEqual(self.stock(), (0, 0))
        with concurrent.futures.ThreadPoolExecutor(N_ORDERS) as pool:
            list(pool.map(self.place, [f"o-{n}" for n in range(N_ORDERS)]))
        self.assertEqual(self.stock(), (N_CARDS, N_ORDERS - N_CARDS))
        having, waiting = self.of(self.items())
        self.assertEqual((len(having), len(waiting)), (N_CARDS, N_ORDERS - N_CARDS))
        said = self.broker.kontor("coast", "portal", "catalogue", "stock", OFFER)
        self.assertIn("GPUs", said)
        told = self.broker.kontor("coast", "portal", "order", "show", waiting[0].rsplit("/", 1)[0])
        self.assertIn("AWAITING_APPROVAL", told)

    def test_2_more_than_there_are_is_refused(self):
        self.service["offers"][0]["stock"]["has_waiting_list"] = False
        self.update()
        with self.assertRaises(Refused) as caught:
            self.place("late")
        self.assertEqual(caught.exception.reason, "OUT_OF_STOCK")
        self.assertEqual(caught.exception.values["free"], "0")
        self.service["offers"][0]["stock"]["has_waiting_list"] = True
        self.update()

    def update(self):
        self.admin.call("CatalogueService.UpdateService", service=self.service,
                        update_mask="offers")

    def test_3_who_waits_longest_is_next_also_behind_a_kill(self):
        having, waiting = self.of(self.items())
        for item in sorted(having)[:3]:
            self.portal.call("OrderService.CancelOrder", id=item.rsplit("/", 1)[0])
        self.broker.kill()
        self.broker.start()
        # A channel may find out only with its next call that the other end is gone.
        type(self).portal = self.broker.client("coast", "portal")
        type(self).admin = self.broker.client("alpine", "admin")
        for client in (self.portal, self.admin):
            until_known(client, "RegistryService.WhoAmI")
        wait_for(lambda: self.stock()[1] == N_ORDERS - N_CARDS - 3 or None, 30,
                 "three of those that wait to have theirs")
        self.assertEqual(self.stock()[0], N_CARDS)
        now_having, now_waiting = self.of(self.items())
        self.assertEqual(now_having - having, set(waiting[:3]))
        self.assertEqual(now_waiting, waiting[3:])

    def test_4_the_provider_gets_more(self):
        self.service["offers"][0]["stock"]["total"] = str(N_ORDERS)
        self.update()
        wait_for(lambda: self.stock()[1] == 0 or None, 30, "nobody to wait any more")
        self.assertEqual(self.stock()[0], N_ORDERS - 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
