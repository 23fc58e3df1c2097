"""What the broker under a bench is furnished with: one service to read and to order, one project."""

SERVICE = "alpine/block-storage"
OFFER = SERVICE + "/standard"
LONG_TEXT = "Volumes to attach to machines and notebooks; a volume stays until it is given back. " * 6


def furnish(broker):
    """One service to read and to order, one project to order for."""
    broker.furnish()
    admin = broker.client("alpine", "admin")
    admin.call("CatalogueService.CreateProvider", provider={"id": "alpine/compute", "name": "Alpine Compute"})
    admin.call("CatalogueService.CreateService", override_reason="as it stands", service={
        "id": SERVICE, "provider": "alpine/compute", "name": "Block storage", "phase": "PRODUCTION",
        "description": LONG_TEXT, "order_type": "ORDER_REQUIRED", "categories": ["Storage"],
        "offers": [{"iid": "standard", "name": "Standard volume", "order_type": "ORDER_REQUIRED",
                    "is_internal": True, "parameters": [
                        {"id": "size_gb", "label": "Size", "unit": "GB", "required": True,
                         "integer": {"minimum": 1, "maximum": 1000}}]}]})
    broker.client("coast", "portal").call("OrderService.CreateProject",
                                          project={"id": "coast/p1", "name": "Bench"})


def open_offer(broker):
    """One more service, which nobody has to approve; answers its offer."""
    broker.client("alpine", "admin").call("CatalogueService.CreateService", override_reason="as it stands", service={
        "id": "alpine/scratch", "provider": "alpine/compute", "name": "Scratch space", "phase": "PRODUCTION",
        "order_type": "OPEN_ACCESS", "offers": [{"iid": "open", "name": "Open to all", "order_type": "OPEN_ACCESS",
                                                 "is_internal": True}]})
    return "alpine/scratch/open"
