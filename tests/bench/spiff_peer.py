"""SpiffWorkflow as a peer of the engine: the same three approvals and gateway, in memory. Of the extra ``bench``."""

from typing import Any

BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  targetNamespace="http://example.com/claim" id="claims">
  <process id="claim" isExecutable="true">
    <startEvent id="begin"/>
    <userTask id="a"/>
    <exclusiveGateway id="size" default="small"/>
    <userTask id="b"/>
    <userTask id="c"/>
    <endEvent id="done"/>
    <sequenceFlow id="f1" sourceRef="begin" targetRef="a"/>
    <sequenceFlow id="f2" sourceRef="a" targetRef="size"/>
    <sequenceFlow id="large" sourceRef="size" targetRef="b">
      <conditionExpression xsi:type="tFormalExpression">urgent != True</conditionExpression>
    </sequenceFlow>
    <sequenceFlow id="small" sourceRef="size" targetRef="c"/>
    <sequenceFlow id="f3" sourceRef="b" targetRef="c"/>
    <sequenceFlow id="f4" sourceRef="c" targetRef="done"/>
  </process>
</definitions>"""
VALUES = {"amount": "300", "urgent": False, "manager": "li", "second": "zhou", "finance": "fei"}


def specification() -> Any:
    """The process, parsed once.

    Raises:
        ImportError: SpiffWorkflow is not installed.
    """
    from lxml import etree
    from SpiffWorkflow.bpmn.parser import BpmnParser

    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(BPMN.encode()))
    return parser.get_spec("claim")


def lifecycle(spec: Any) -> None:
    """Start it and complete its three user tasks."""
    from SpiffWorkflow import TaskState
    from SpiffWorkflow.bpmn import BpmnWorkflow

    workflow = BpmnWorkflow(spec)
    workflow.data.update(VALUES)
    workflow.task_tree.data.update(VALUES)
    workflow.do_engine_steps()
    count = 0
    while not workflow.is_completed():
        task = workflow.get_tasks(state=TaskState.READY, manual=True)[0]
        task.data["verdict"] = "approve"
        task.run()
        workflow.do_engine_steps()
        count += 1
    assert count == 3
