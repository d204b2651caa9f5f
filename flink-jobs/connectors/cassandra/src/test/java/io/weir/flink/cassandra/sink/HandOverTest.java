package io.weir.flink.cassandra.sink;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.UnauthorizedException;
import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.retry.RetryingExecutor;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.cassandra.statement.WriteRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Rows are identified by their write timestamps, and a request is the text of its rows. */
class HandOverTest {
  private static final Throwable REFUSED = new InvalidQueryException(null, "Key may not be empty");

  private final List<String> sent = new ArrayList<>();
  private final List<Long> aside = new ArrayList<>();
  private final List<Throwable> done = new ArrayList<>();
  private CompletableFuture<Void> safe = CompletableFuture.completedFuture(null);

  private static WriteCommand command(Collection<WriteRequest> rows) {
    String text =
        rows.stream()
            .map(row -> String.valueOf(row.timestampMicros()))
            .collect(Collectors.joining("+"));
    return new WriteCommand(SimpleStatement.newInstance(text), rows.size());
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

  private void submit(int rows, boolean takesAside, Function<String, Throwable> answers) {
    RetryPolicy never = new RetryPolicy(0, Duration.ofMillis(1), Duration.ofMillis(1));
    WritePipeline pipeline =
        new WritePipeline(
            new RetryingExecutor(statement -> answer(statement, answers), never, null, e -> {}),
            8,
            new WritePipeline.Observer() {
              @Override
              public void answered(WriteCommand command, long latencyNanos) {}

              @Override
              public void failed(WriteCommand command) {}
            });
    BiFunction<WriteRequest, Throwable, CompletableFuture<Void>> setAside =
        (row, error) -> {
          aside.add(row.timestampMicros());
          return safe;
        };
    new HandOver(
            pipeline,
            batch -> List.of(command(batch)),
            row -> command(List.of(row)),
            takesAside ? setAside : null)
        .submit(
            LongStream.range(0, rows)
                .mapToObj(i -> new WriteRequest(false, i, 0, new byte[0][]))
                .toList(),
            done::add);
  }

  @Test
  void onlyTheRowAtFaultIsSetAside() {
    submit(3, true, text -> text.contains("1") ? REFUSED : null);
    assertThat(sent).containsExactly("0+1+2", "0", "1", "2");
    assertThat(aside).containsExactly(1L);
    assertThat(done).containsExactly((Throwable) null);
  }

  @Test
  void itEndsOnlyWhenTheRowIsSafe() {
    safe = new CompletableFuture<>();
    submit(2, true, text -> text.contains("1") ? REFUSED : null);
    assertThat(done).isEmpty();
    safe.complete(null);
    assertThat(done).containsExactly((Throwable) null);
  }

  @Test
  void aRowThatCannotBeSetAsideFailsTheJob() {
    IOException away = new IOException("Kafka is away");
    safe = CompletableFuture.failedFuture(away);
    submit(2, true, text -> text.contains("1") ? REFUSED : null);
    assertThat(done).containsExactly(away);
  }

  @Test
  void withoutATopicARefusedRowFailsTheJob() {
    submit(2, false, text -> text.contains("1") ? REFUSED : null);
    assertThat(sent).containsExactly("0+1");
    assertThat(done).containsExactly(REFUSED);
  }

  @Test
  void whatIsNoFaultOfARowFailsTheJob() {
    Throwable gone = new InvalidQueryException(null, "unconfigured table events");
    submit(2, true, text -> gone);
    Throwable forbidden = new UnauthorizedException(null, "no MODIFY");
    submit(2, true, text -> forbidden);
    Throwable unknown = new IllegalStateException("unknown");
    submit(2, true, text -> unknown);
    assertThat(done).containsExactly(gone, forbidden, unknown);
    assertThat(aside).isEmpty();
  }

  @Test
  void rowsThatAreTakenAreSentTogether() {
    submit(3, true, text -> null);
    assertThat(sent).containsExactly("0+1+2");
    assertThat(done).containsExactly((Throwable) null);
  }
}
