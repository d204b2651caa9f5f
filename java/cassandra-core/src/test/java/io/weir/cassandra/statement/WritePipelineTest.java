package io.weir.cassandra.statement;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.datastax.oss.driver.api.core.servererrors.SyntaxError;
import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.retry.RetryingExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WritePipelineTest {
  private static final SimpleStatement STATEMENT = SimpleStatement.newInstance("INSERT");

  private static WritePipeline pipeline(
      HeldSession session, int maxInFlight, WritePipeline.Observer observer) {
    RetryPolicy never = new RetryPolicy(0, Duration.ofMillis(1), Duration.ofMillis(1));
    return new WritePipeline(
        new RetryingExecutor(session::execute, never, null, error -> {}), maxInFlight, observer);
  }

  /** A session that answers only on demand. */
  private static final class HeldSession {
    private final List<CompletableFuture<AsyncResultSet>> unanswered = new ArrayList<>();

    CompletionStage<AsyncResultSet> execute(Statement<?> statement) {
      unanswered.add(new CompletableFuture<>());
      return unanswered.get(unanswered.size() - 1);
    }
  }

  private static List<WriteCommand> commands(int count) {
    return IntStream.range(0, count).mapToObj(i -> new WriteCommand(STATEMENT, 1)).toList();
  }

  private final AtomicInteger answered = new AtomicInteger();
  private final WritePipeline.Observer observer =
      new WritePipeline.Observer() {
        @Override
        public void answered(WriteCommand command, long latencyNanos) {
          answered.incrementAndGet();
        }

        @Override
        public void failed(WriteCommand command) {}
      };

  @Test
  void noMoreRequestsAreUnderWayThanAllowed() {
    HeldSession session = new HeldSession();
    WritePipeline pipeline = pipeline(session, 3, observer);
    List<Object> done = new ArrayList<>();
    pipeline.submit(commands(5), error -> done.add("first"));
    pipeline.submit(commands(1), error -> done.add("second"));

    assertThat(session.unanswered).hasSize(3);
    assertThat(pipeline.outstanding()).isEqualTo(6);
    assertThat(pipeline.isFull()).isTrue();
    for (int i = 0; i < 5; i++) {
      assertThat(done).isEmpty();
      session.unanswered.get(i).complete(null);
    }
    assertThat(done).containsExactly("first");
    assertThat(pipeline.isFull()).isFalse();
    session.unanswered.get(5).complete(null);
    assertThat(done).containsExactly("first", "second");
    assertThat(answered).hasValue(6);
    assertThat(pipeline.outstanding()).isZero();
  }

  @Test
  void theFirstErrorIsReportedOnceAndTheRestIsNotSent() {
    HeldSession session = new HeldSession();
    WritePipeline pipeline = pipeline(session, 2, observer);
    List<Throwable> errors = new ArrayList<>();
    pipeline.submit(commands(10), errors::add);
    session.unanswered.get(0).completeExceptionally(new SyntaxError(null, "bad"));
    session.unanswered.get(1).completeExceptionally(new SyntaxError(null, "bad too"));

    assertThat(errors).hasSize(1).first().isInstanceOf(SyntaxError.class);
    assertThat(session.unanswered).hasSize(2);
    assertThat(pipeline.outstanding()).isZero();
  }

  @Test
  void nothingToSendIsDoneAtOnce() {
    List<String> done = new ArrayList<>();
    pipeline(new HeldSession(), 2, observer).submit(List.of(), error -> done.add("done"));
    assertThat(done).containsExactly("done");
  }
}
