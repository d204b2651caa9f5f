package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.LetterLimit.TooManyLettersException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A topic of which too much cannot be decoded fails the application. */
class LetterLimitTest {
  private static final String LIMIT =
      "{\"pipeline\": \"orders\", \"max_ratio\": 0.2, \"max_letters\": 2, \"window_events\": 10}";

  @TempDir Path folder;

  private static PipelinePlan limited() throws IOException {
    String plan = Files.readString(OrdersDriver.PLAN);
    String limited =
        plan.replaceFirst("\"limits\": \\{", "\"limits\": {\"letters\": " + LIMIT + ",");
    assertThat(limited).isNotEqualTo(plan);
    return PipelinePlan.parse(limited);
  }

  @Test
  void oneLetterTooManyFailsAndIsNoLetter() throws IOException {
    try (OrdersDriver orders = new OrdersDriver(folder, limited())) {
      byte[] broken = {9};
      byte[] order = OrdersDriver.wire(OrdersDriver.SOURCE_ID, orders.order(7, "note", ""));
      orders.send(null, broken);
      orders.send(null, order);
      orders.send(null, broken);
      assertThatThrownBy(() -> orders.send(null, broken))
          .hasRootCauseInstanceOf(TooManyLettersException.class)
          .rootCause()
          .hasMessageStartingWith("Pipeline orders: 3 of the last 10 records of this task")
          .hasMessageEndingWith("what was not committed as letters waits in the source topic.");
      assertThat(orders.records(orders.plan.deadLetterTopic())).hasSize(2);
    }
  }
}
