"""The review's page in a real browser, from a file with no network: what it draws, and whether everybody can use it."""

import json
import random
import re

import pulumi
import pulumi_aws as aws
import pytest
from playwright.sync_api import expect

from infra.review.finding import Finding, Section, Verdict
from infra.review.page import write
from infra.review.preview import Change, Preview
from infra.review.review import review
from infra.review.visible import visible
from tests.e2e import conftest as e2e
from tests.e2e.board import PHONE, examine
from tests.review.previewed import previewed
from tests.review.test_page import HOSTILE, created, same, state, updated, urn

browser = e2e.browser
pytestmark = pytest.mark.xdist_group("review-page")

WIDE = {"width": 1440, "height": 900}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__(f"shop:index:{name.capitalize()}", name)
        self.inside = pulumi.ResourceOptions(parent=self)


def shop(*, encrypted=False, visibility=60, bucket="orders", image="shop:1", mails=True, audits=False):
    """A shop: a network, a database and a bucket, a queue with dead letters, services that work on it, alarms."""

    def program():
        network = Part("network")
        vpc = aws.ec2.Vpc("shop", cidr_block="10.0.0.0/16", opts=network.inside)
        subnets = [
            aws.ec2.Subnet(
                f"private-{zone}",
                vpc_id=vpc.id,
                cidr_block=f"10.0.{at}.0/24",
                availability_zone=f"eu-central-1{zone}",
                opts=network.inside,
            )
            for at, zone in enumerate("abc")
        ]
        firewall = aws.ec2.SecurityGroup("database", vpc_id=vpc.id, description="database", opts=network.inside)
        storage = Part("storage")
        group = aws.rds.SubnetGroup("database", subnet_ids=[one.id for one in subnets], opts=storage.inside)
        database = aws.rds.Instance(
            "database",
            engine="postgres",
            engine_version="17",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="shop",
            password=pulumi.Output.secret("one"),
            storage_encrypted=encrypted,
            backup_retention_period=7,
            skip_final_snapshot=True,
            db_subnet_group_name=group.name,
            vpc_security_group_ids=[firewall.id],
            opts=storage.inside,
        )
        orders = aws.s3.Bucket("orders", bucket=f"shop-{bucket}", opts=storage.inside)
        aws.s3.BucketVersioning(
            "orders", bucket=orders.id, versioning_configuration={"status": "Enabled"}, opts=storage.inside
        )
        jobs = Part("jobs")
        letters = aws.sqs.Queue("letters", message_retention_seconds=1_209_600, opts=jobs.inside)
        queue = aws.sqs.Queue(
            "orders",
            visibility_timeout_seconds=visibility,
            redrive_policy=letters.arn.apply(
                lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
            ),
            opts=jobs.inside,
        )
        cluster = aws.ecs.Cluster("shop", opts=jobs.inside)
        for name in ("bills", "ships", *(("mails",) if mails else ()), *(("audits",) if audits else ())):
            work(name, jobs.inside, cluster, queue, orders, database, image, subnets)
        alarms = Part("alarms")
        topic = aws.sns.Topic("alarms", opts=alarms.inside)
        for name, watched in (("late", queue), ("failed", letters)):
            aws.cloudwatch.MetricAlarm(
                name,
                namespace="AWS/SQS",
                metric_name="ApproximateAgeOfOldestMessage",
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=1,
                threshold=60,
                period=60,
                statistic="Maximum",
                dimensions={"QueueName": watched.name},
                alarm_actions=[topic.arn],
                opts=alarms.inside,
            )

    return program


def work(name, inside, cluster, queue, orders, database, image, subnets):
    role = aws.iam.Role(name, assume_role_policy=TRUST, opts=inside)
    may = {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"]}
    aws.iam.RolePolicy(
        name,
        role=role.id,
        policy=queue.arn.apply(
            lambda arn: json.dumps({"Version": "2012-10-17", "Statement": [{**may, "Resource": arn}]})
        ),
        opts=inside,
    )
    definition = aws.ecs.TaskDefinition(
        name,
        family=name,
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        task_role_arn=role.arn,
        execution_role_arn=role.arn,
        container_definitions=pulumi.Output.all(queue.url, orders.bucket, database.address).apply(
            lambda found: json.dumps([container(name, image, *found)])
        ),
        opts=inside,
    )
    aws.ecs.Service(
        name,
        cluster=cluster.arn,
        task_definition=definition.arn,
        desired_count=2,
        capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1}],
        network_configuration={"subnets": [one.id for one in subnets]},
        opts=inside,
    )


def container(name, image, url, bucket, address):
    told = {"QUEUE_URL": url, "BUCKET": bucket, "DATABASE": address, "JOB_VISIBILITY_TIMEOUT_SECONDS": "60"}
    return {
        "name": name,
        "image": f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{image}",
        "environment": [{"name": key, "value": value} for key, value in told.items()],
    }


CHANGED = {"encrypted": True, "visibility": 20, "bucket": "orders-2", "mails": False, "audits": True}


@pytest.fixture(scope="module")
def shops():
    """A real preview of many changes."""
    return previewed(shop(), shop(**CHANGED))


class Site:
    """A page in a file, in a window that may ask nothing of anybody."""

    def __init__(self, browser, folder, **settings):
        self.folder, self.said = folder, []
        self.context = browser.new_context(
            **{"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-GB", "offline": True, **settings}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("console", lambda line: self.said.append(line.text))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda asked: self.said.append(asked.url) if asked.url != self.url else None)

    @property
    def url(self):
        return (self.folder / "review.html").as_uri()

    def open(self, preview, *findings, at=""):
        (self.folder / "review.html").write_text(write(review(preview, findings)), encoding="utf-8")
        self.page.goto(self.url + at)
        self.page.locator("html[data-ready]").wait_for(state="attached")
        return self.page


@pytest.fixture
def site(browser, tmp_path):
    opened = Site(browser, tmp_path)
    yield opened
    opened.context.close()
    assert opened.said == []


@pytest.fixture
def phone(browser, tmp_path):
    opened = Site(browser, tmp_path, viewport=PHONE, is_mobile=True, has_touch=True)
    yield opened
    opened.context.close()
    assert opened.said == []


def node(page, name, kind):
    return page.locator(f'#graph .node[aria-label^="{name}, {kind},"]')


def choose(page, name, kind):
    """Where all is seen, with the mouse."""
    page.get_by_role("button", name="Show all of it").click()
    node(page, name, kind).click()


def details(page):
    return page.get_by_role("complementary", name="Selected resource")


def named(preview, type_, name):
    return next(change for change in preview.changes if change.type == type_ and change.name == name)


def test_a_click_shows_the_change_its_findings_and_all_that_depends_on_it(site, shops):
    page = site.open(shops)
    choose(page, "orders", "s3/Bucket")
    expect(details(page).locator("ins b")).to_have_text("orders-2")
    radius = shops.blast_radius(named(shops, "aws:s3/bucket:Bucket", "orders").urn)
    expect(details(page)).to_contain_text("It is replaced")
    expect(details(page)).to_contain_text('"shop-orders" → "shop-orders-2"')
    expect(page.locator("#radius")).to_contain_text(f"{len(radius)} resources")
    assert sorted(lit(page, "down")) == sorted(change.urn for change in radius)
    expect(page.locator("#graph .label").filter(has_text="containerDefinitions").first).to_be_visible()
    expect(node(page, "private-a", "ec2/Subnet")).to_have_css("opacity", "0.28")
    details(page).get_by_role("link", name="s3/Bucket orders").first.click()
    finding = page.locator(".finding.pointed")
    expect(finding).to_be_in_viewport()
    expect(finding.locator("details")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(details(page)).to_be_hidden()
    assert lit(page, "down") == []


def lit(page, name):
    return page.locator(f"#graph .node.{name}").evaluate_all(
        "nodes => nodes.map(node => JSON.parse(document.getElementById('data').textContent)"
        ".resources[node.dataset.id].urn)"
    )


def test_the_radius_is_that_of_the_review_for_every_resource(site, shops):
    page = site.open(shops)
    for change in shops.changes:
        if change.state.custom:
            page.goto(f"{site.url}#{change.urn}")
            number = len(shops.blast_radius(change.urn))
            expected = "nothing" if number == 0 else f"{number} resource"
            expect(page.locator("#radius .count")).to_contain_text(expected)


def test_a_change_is_told_with_what_it_follows_from(site, shops):
    page = site.open(shops)
    choose(page, "bills", "ecs/Service")
    why = details(page).locator("section").filter(has=page.get_by_role("heading", name="Follows from"))
    expect(why.get_by_role("link")).to_have_count(3)
    assert {urn.rsplit("::", 1)[-1] for urn in lit(page, "cause")} == {"bills", "database", "orders"}


def test_an_address_opens_at_a_resource_and_back_is_the_one_before(site, shops):
    queue, database = (
        named(shops, *which).urn
        for which in (("aws:sqs/queue:Queue", "orders"), ("aws:rds/instance:Instance", "database"))
    )
    page = site.open(shops, at=f"#{queue}")
    expect(details(page).get_by_role("heading", level=2)).to_have_text("orders")
    choose(page, "database", "rds/Instance")
    expect(details(page).get_by_role("heading", level=2)).to_have_text("database")
    assert database in page.evaluate("decodeURIComponent(location.hash)")
    page.go_back()
    expect(details(page).get_by_role("heading", level=2)).to_have_text("orders")
    page.goto(f"{site.url}#urn:of:nothing::that::is::here%")
    expect(page.locator("#status")).to_have_text("All 31 resources")


def test_search_and_filters_leave_what_is_meant(site, shops):
    page = site.open(shops)
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    search.fill("queue orders")
    expect(page.locator("#status")).to_have_text("1 match")
    expect(page.locator("#graph .node.match")).to_have_count(1)
    search.press("Enter")
    expect(details(page).get_by_role("heading", level=2)).to_have_text("orders")
    search.fill("")
    page.get_by_role("group", name="Only these operations").get_by_role("button", name="delete").click()
    expect(page.locator("#status")).to_have_text("4 matches")
    page.get_by_role("button", name="Table").click()
    expect(page.locator("#table tbody tr")).to_have_count(4)
    expect(page.locator("#table tbody tr").first).to_contain_text("mails")
    page.locator("#table tbody a").first.click()
    expect(details(page).get_by_role("heading", level=2)).to_have_text("mails")


def test_the_sections_are_a_click_away_and_the_bar_says_where_one_is(site, shops):
    page = site.open(shops)
    bar = page.get_by_role("navigation", name="Sections")
    bar.get_by_role("link", name="Changes").click()
    heading = page.get_by_role("heading", name="Changes, resource by resource")
    expect(heading).to_be_in_viewport(ratio=1)
    assert heading.bounding_box()["y"] >= bar.bounding_box()["y"] + bar.bounding_box()["height"]
    expect(bar.locator("[aria-current]")).to_have_count(1)


def test_everything_in_the_graph_is_done_by_keys(site, shops):
    page = site.open(shops)
    page.get_by_role("button", name="unchanged").focus()
    page.keyboard.press("Tab")
    focused = page.locator("#graph :focus")
    expect(focused).to_have_class(re.compile("node delete"))  # the worst is the first
    first = focused.get_attribute("data-id")
    page.keyboard.press("ArrowUp")
    expect(focused).not_to_have_attribute("data-id", first)
    page.keyboard.press("0")
    assert focused.bounding_box()["y"] < page.locator(f'#graph [data-id="{first}"]').bounding_box()["y"]
    name = focused.get_attribute("aria-label").split(",")[0]
    page.keyboard.press("Enter")
    expect(details(page).get_by_role("heading", level=2)).to_have_text(name)
    before = scale(page)
    page.keyboard.press("+")
    assert scale(page) > before
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    expect(details(page)).to_be_hidden()
    expect(page.locator("#graph :focus")).to_have_count(1)


def scale(page):
    return float(page.locator("#world").get_attribute("transform").split("scale(")[1].rstrip(")"))


def test_the_mouse_and_fingers_move_the_graph(site, shops):
    page = site.open(shops)
    box = page.locator("#graph").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("button", name="Show all of it").click()
    before = page.locator("#world").get_attribute("transform")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("#world")).not_to_have_attribute("transform", before)
    expect(details(page)).to_be_hidden()  # a drag is no click
    before = scale(page)
    page.mouse.wheel(0, -300)
    page.wait_for_function(GREW, arg=before)


GREW = "before => Number(document.querySelector('#world').getAttribute('transform').split(/[()]/)[3]) > before"


def test_a_component_is_folded_to_one_box(site, shops):
    page = site.open(shops)
    jobs = page.locator("#graph .component").filter(has_text="jobsJobs")
    jobs.locator(".fold").dispatch_event("click")
    folded = page.locator("#graph .node.folded")
    expect(folded).to_contain_text("change")
    expect(node(page, "bills", "ecs/Service")).to_have_count(0)
    page.get_by_role("searchbox").fill("bills service")
    expect(folded).to_have_class(re.compile("match"))  # what is found is in it
    page.goto(f"{site.url}#{named(shops, 'aws:ecs/service:Service', 'bills').urn}")
    expect(node(page, "bills", "ecs/Service")).to_be_visible()


BOXES = """() => [...document.querySelectorAll("#graph .node, #graph .component")].map((made) => {
  const [x, y] = made.getAttribute("transform").match(/[-\\d.]+/g).map(Number);
  const body = made.querySelector(".body");
  return [Number(made.dataset.id), x, y, Number(body.getAttribute("width")), Number(body.getAttribute("height"))];
})"""


def tangled(seed):
    """Components in components, and dependencies between all of them, in circles too."""
    chance = random.Random(seed)  # noqa: S311 - a drawing, and no secret
    parts, changes = [""], []
    for at in range(12):
        part = same(f"part-{at}", "shop:index:Part", custom=False, parent=chance.choice(parts))
        parts.append(part.urn)
        changes.append(part)
    for at in range(70):
        needs = tuple(urn(f"queue-{chance.randrange(70)}") for _ in range(chance.choice((0, 0, 1, 2, 3))))
        links = {"target": needs} if needs else {}
        changes.append(created(f"queue-{at}", parent=chance.choice(parts), links=links, dependencies=needs))
    return Preview("test", tuple(changes))


def placed(page):
    return {at: box for at, *box in page.evaluate(BOXES)}


def assert_tidy(page):
    """Nothing is over anything, and everything is within its component."""
    resources = json.loads(page.locator("#data").text_content())["resources"]
    boxes = placed(page)
    for at, (x, y, width, height) in boxes.items():
        if (owner := resources[at]["parent"]) in boxes:
            left, top, whole, high = boxes[owner]
            assert left <= x <= x + width <= left + whole, resources[at]
            assert top <= y <= y + height <= top + high, resources[at]
        for other, (left, top, whole, high) in boxes.items():
            if other != at and resources[at]["parent"] == resources[other]["parent"]:
                assert x + width <= left or left + whole <= x or y + height <= top or top + high <= y, resources[at]


def test_a_stack_is_drawn_tidily_and_always_the_same(site, shops):
    page = site.open(shops)
    assert_tidy(page)
    first = placed(page)
    assert len(first) == sum(change.type != "pulumi:pulumi:Stack" for change in shops.changes)
    page.reload()
    assert placed(page) == first


@pytest.mark.parametrize("seed", range(4))
def test_a_tangle_is_drawn_tidily(site, seed):
    page = site.open(tangled(seed))
    page.get_by_role("button", name="Whole stack").click()
    assert len(placed(page)) == 82
    assert_tidy(page)


def test_what_is_used_is_above_what_uses_it(site, shops):
    page = site.open(shops)
    data = json.loads(page.locator("#data").text_content())
    boxes = placed(page)
    above = [boxes[source][1] + boxes[source][3] <= boxes[target][1] for source, target, *_ in data["edges"]]
    assert above.count(False) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site, shops, scheme):
    page = site.open(shops)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    examine(page, "review" if scheme == "light" else "review-dark")
    choose(page, "orders", "s3/Bucket")
    examine(page, "review-graph" if scheme == "light" else "review-graph-dark")
    page.get_by_role("button", name="Table").click()
    examine(page, f"review-table-{scheme}")


def test_a_phone_has_room_for_everything(phone, shops):
    page = phone.open(shops)
    examine(page, "review-phone")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("link", name="orders: show in the graph").first.tap()
    expect(details(page)).to_be_in_viewport()
    examine(page, "review-phone-graph")
    page.get_by_role("button", name="Close").tap()
    expect(details(page)).to_be_hidden()
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    examine(page, "review-phone-dark")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_does_nothing(site, name):
    before, after = (state(name, props={name: value}, links={name: (urn("other"),)}) for value in ("1", name))
    finding = Finding(
        section=Section.COST,
        verdict=Verdict.DANGEROUS,
        title=name,
        details=(name,),
        resource=urn(name),
        irreversible=True,
    )
    page = site.open(Preview("test", (updated(before, after, name), same("other"))), finding)
    page.locator("#graph .node.update").click()
    page.get_by_role("searchbox").fill(visible(name)[:8])
    page.get_by_role("button", name="Table").click()
    expect(page.locator("#table tbody tr")).to_have_count(1)
    expect(page.locator("#table tbody a")).to_have_text(visible(name))
    assert page.locator("img, iframe, script").count() == 2


def test_nothing_at_all_is_a_page_too(site):
    page = site.open(Preview("test", ()))
    expect(page.get_by_role("heading", level=1)).to_have_text("Safe")
    expect(page.locator("#empty")).to_be_visible()
    page.get_by_role("button", name="Whole stack").click()
    page.get_by_role("button", name="Table").click()
    page.keyboard.press("0")


def test_circles_and_what_is_missing_are_drawn(site):
    changes = [
        *(created(f"c{at}", dependencies=(urn(f"c{(at + 1) % 5}"), urn("nowhere"))) for at in range(5)),
        same("inside", "shop:index:Part", custom=False, parent=urn("outside", "shop:index:Part")),
        same("outside", "shop:index:Part", custom=False, parent=urn("inside", "shop:index:Part")),
        created("lost", parent=urn("inside", "shop:index:Part")),
    ]
    page = site.open(Preview("test", tuple(changes)))
    expect(page.locator("#graph .node")).not_to_have_count(0)
    page.goto(f"{site.url}#{urn('c0')}")
    expect(page.locator("#radius .count")).to_contain_text("4 resources")


def large(changed):
    """5,000 resources in 200 components, each with what it needs; every so manieth changes."""
    kinds = ("aws:sqs/queue:Queue", "aws:iam/role:Role", "aws:ecs/service:Service", "aws:s3/bucket:Bucket")
    changes, urns = [], []
    for at in range(5000):
        if at % 25 == 0:
            part = same(f"part-{at // 25}", "shop:index:Part", custom=False)
            changes.append(part)
        needs = tuple(urns[number] for number in {at // 2, at - 1, at - 1 - at % 7} if 0 <= number < at)
        type_, name = kinds[at % 4], f"resource-{at}"
        more = {"parent": part.urn, "links": {"target": needs}, "dependencies": needs}
        sides = [state(name, type_, props={"size": size}, **more) for size in (1, 2)]
        changed_one = Change(urn=sides[0].urn, op="update", before=sides[0], after=sides[1], reasons=("size",))
        changes.append(changed_one if at % changed == 0 else same(name, type_, **more))
        urns.append(sides[0].urn)
    return Preview("large", tuple(changes))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("every", [100, 1])
def test_five_thousand_resources_are_opened_searched_and_drawn_whole(site, every):
    site.page.set_default_timeout(60_000)
    page = site.open(large(every))
    expect(page.locator("#graph .node")).not_to_have_count(0)
    assert page.locator("#graph .node").count() <= 200
    page.locator("#search").fill("resource-4999")
    expect(page.locator("#status")).to_contain_text("1 match")
    page.locator("#search").press("Enter")
    expect(page.locator("#details h2")).to_have_text("resource-4999")
    page.locator("#search").fill("")
    page.locator("#scope-all").click()
    expect(page.locator("#status")).to_have_text("All 5,000 resources")
    page.locator("#as-table").click()
    expect(page.locator("#table tbody tr")).to_have_count(400)


def test_without_components_what_stays_stands_with_its_kind(site):
    shared = state("shared")
    stays = [same(f"queue-{at}", dependencies=(shared.urn,)) for at in range(400)]
    moved = updated(shared, state("shared", props={"size": 2}), "size")
    page = site.open(Preview("test", (moved, *stays)))
    page.get_by_role("button", name="Whole stack").click()
    folded = page.locator("#graph .node.folded")
    expect(folded).to_contain_text("400 resources")
    folded.click()
    page.get_by_role("button", name="Unfold this component").click()
    expect(page.locator("#graph .node")).to_have_count(401)
    page.goto(f"{site.url}#{stays[7].urn}")
    expect(details(page).get_by_role("heading", level=2)).to_have_text("queue-7")


def test_on_paper_everything_is_open_and_the_graph_is_a_table(site, shops):
    page = site.open(shops)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#table tbody tr")).to_have_count(31)
    expect(page.locator("#table")).to_be_visible()
    expect(page.locator("#stage")).to_be_hidden()
    expect(page.locator("details:not([open])")).to_have_count(0)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("details:not([open])")).not_to_have_count(0)
