package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.registry.SizeLimit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records close to the maximum size of an event. */
class LargeEventsTest {
  @TempDir Path folder;
  private OrdersDriver orders;
  private int limit;

  @BeforeEach
  void open() throws IOException {
    orders = new OrdersDriver(folder);
    limit = orders.plan.source().maxEventBytes();
  }

  @AfterEach
  void close() {
    orders.close();
  }

  private byte[] order(int bytes) {
    int others = OrdersDriver.wire(OrdersDriver.SOURCE_ID, orders.order(7, "note", "")).length;
    // The length of the text takes two bytes more than that of an empty one.
    String note = "x".repeat(bytes - others - 2);
    return OrdersDriver.wire(OrdersDriver.SOURCE_ID, orders.order(7, "note", note));
  }

  private TestRecord<byte[], byte[]> letter() {
    List<TestRecord<byte[], byte[]>> letters = orders.records(orders.plan.deadLetterTopic());
    assertThat(letters).hasSize(1);
    return letters.get(0);
  }

  private static Map<String, String> headers(TestRecord<byte[], byte[]> letter) {
    Map<String, String> found = new HashMap<>();
    letter
        .headers()
        .forEach(each -> found.put(each.key(), new String(each.value(), StandardCharsets.UTF_8)));
    return found;
  }

  @Test
  void anEventOfTheMostBytesIsARow() {
    byte[] value = order(limit);
    assertThat(value).hasSize(limit);
    orders.send("key".getBytes(), value);
    assertThat(orders.rows(orders.plan.rows())).hasSize(1);
  }

  @Test
  void aLargerOneIsALetterCutToThem() {
    byte[] value = order(limit + 1);
    orders.send("key".getBytes(), value);
    TestRecord<byte[], byte[]> letter = letter();
    assertThat(letter.value()).isEqualTo(Arrays.copyOf(value, limit));
    assertThat(headers(letter))
        .containsEntry("weir.truncated", "true")
        .containsEntry("weir.length", String.valueOf(limit + 1))
        .containsEntry("weir.sha256", SizeLimit.sha256(value))
        .containsEntry("weir.offset", "0")
        .doesNotContainKey("weir.key-length");
    assertThat(headers(letter).get("weir.reason")).startsWith("too-large: ");
  }

  @Test
  void aKeyIsCutOnlyInALetter() {
    byte[] key = new byte[limit + 1];
    orders.send(key, order(limit));
    orders.send(key, new byte[] {9});
    TestRecord<byte[], byte[]> letter = letter();
    assertThat(letter.key()).hasSize(limit);
    assertThat(headers(letter))
        .containsEntry("weir.key-length", String.valueOf(limit + 1))
        .doesNotContainKey("weir.length");
    assertThat(orders.rows(orders.plan.rows())).hasSize(1);
  }
}
