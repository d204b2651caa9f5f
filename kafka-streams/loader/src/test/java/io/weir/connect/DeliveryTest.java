package io.weir.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.SyntaxError;
import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.retry.RetryingExecutor;
import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.cassandra.statement.WriteRequest;
import io.weir.connect.Delivery.Row;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.Test;

class DeliveryTest {
  private static final SyntaxError REFUSED = new SyntaxError(null, "refused");

  private final List<String> sent = new ArrayList<>();
  private final List<Long> aside = new ArrayList<>();

  /** Makes each request the text of its rows, so that a session can tell requests apart. */
  private static final class TextRequests implements Requests {
    @Override
    public List<WriteCommand> together(List<WriteRequest> rows) {
      String text =
          rows.stream()
              .map(row -> String.valueOf(row.timestampMicros()))
              .collect(Collectors.joining("+"));
      return List.of(new WriteCommand(SimpleStatement.newInstance(text), rows.size()));
    }

    @Override
    public RefusedRow refused(WriteRequest row, Throwable error) {
      return null;
    }

    @Override
    public WriteCommand alone(WriteRequest row) {
      return together(List.of(row)).get(0);
    }
  }

  private static final class Silent implements WritePipeline.Observer {
    @Override
    public void answered(WriteCommand command, long latencyNanos) {}

    @Override
    public void failed(WriteCommand command) {}
  }

  private Delivery delivery(int rows, Function<String, Throwable> answers) {
    RetryPolicy never = new RetryPolicy(0, Duration.ofMillis(1), Duration.ofMillis(1));
    RetryingExecutor executor =
        new RetryingExecutor(statement -> answer(statement, answers), never, null, error -> {});
    List<SinkRecord> records =
        IntStream.range(0, rows)
            .mapToObj(offset -> new SinkRecord("topic", 0, null, null, null, null, offset))
            .toList();
    Delivery delivery = new Delivery(new WritePipeline(executor, 8, new Silent()), records);
    delivery.send(
        new TextRequests(),
        records.stream()
            .map(
                record ->
                    new Row(
                        record,
                        new WriteRequest(false, record.kafkaOffset(), 0, new byte[][] {{1}})))
            .toList());
    return delivery;
  }

  private CompletionStage<AsyncResultSet> answer(
      Statement<?> statement, Function<String, Throwable> answers) {
    String text = ((SimpleStatement) statement).getQuery();
    sent.add(text);
    Throwable error = answers.apply(text);
    return error == null
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.failedFuture(error);
  }

  private boolean settled(Delivery delivery) {
    return delivery.settle((row, letter) -> aside.add(row.origin().kafkaOffset()));
  }

  @Test
  void itEndsWhenAllIsWrittenAndKnowsTheOffsetBehindItsLastRecord() {
    Delivery delivery = delivery(3, text -> null);
    assertThat(settled(delivery)).isTrue();
    assertThat(delivery.ends())
        .containsExactly(
            java.util.Map.entry(new TopicPartition("topic", 0), new OffsetAndMetadata(3)));
    assertThat(aside).isEmpty();
  }

  @Test
  void onlyTheRowAtFaultIsSetAside() {
    Delivery delivery = delivery(3, text -> text.contains("1") ? REFUSED : null);
    assertThat(settled(delivery)).as("its rows are sent again, each alone").isFalse();
    assertThat(settled(delivery)).isTrue();
    assertThat(sent).containsExactly("0+1+2", "0", "1", "2");
    assertThat(aside).containsExactly(1L);
  }

  @Test
  void aTableThatIsGoneSetsNothingAsideAndFailsTheTask() {
    Delivery delivery =
        delivery(2, text -> new InvalidQueryException(null, "table rows does not exist"));
    for (int asked = 0; asked < 2; asked++) {
      assertThatThrownBy(() -> settled(delivery))
          .as("Connect asks once more when it closes the task, and would commit what is settled")
          .isInstanceOf(org.apache.kafka.connect.errors.ConnectException.class)
          .hasMessageContaining("table rows does not exist");
    }
    assertThat(aside).isEmpty();
    assertThat(sent).containsExactly("0+1");
  }

  @Test
  void aRecordThatCannotBeSetAsideIsNotSettled() {
    Delivery delivery = delivery(1, text -> REFUSED);
    for (int asked = 0; asked < 2; asked++) {
      assertThatThrownBy(
              () ->
                  delivery.settle(
                      (record, error) -> {
                        throw new IllegalStateException("no dead-letter topic");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aClusterThatIsAwaySetsNothingAside() {
    List<Throwable> errors = new ArrayList<>(List.of(new ConnectException("away")));
    Delivery delivery = delivery(2, text -> errors.isEmpty() ? null : errors.remove(0));
    assertThat(settled(delivery)).isFalse();
    assertThat(settled(delivery)).isTrue();
    assertThat(sent).containsExactly("0+1", "0+1");
    assertThat(aside).isEmpty();
  }
}
