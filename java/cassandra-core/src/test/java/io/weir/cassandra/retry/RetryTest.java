package io.weir.cassandra.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.NoNodeAvailableException;
import com.datastax.oss.driver.api.core.auth.AuthenticationException;
import com.datastax.oss.driver.api.core.connection.ClosedConnectionException;
import com.datastax.oss.driver.api.core.connection.HeartbeatException;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.EndPoint;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.servererrors.DefaultWriteType;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.OverloadedException;
import com.datastax.oss.driver.api.core.servererrors.ServerError;
import com.datastax.oss.driver.api.core.servererrors.SyntaxError;
import com.datastax.oss.driver.api.core.servererrors.UnauthorizedException;
import com.datastax.oss.driver.api.core.servererrors.UnavailableException;
import com.datastax.oss.driver.api.core.servererrors.WriteTimeoutException;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.codec.CodecNotFoundException;
import com.datastax.oss.driver.api.core.type.reflect.GenericType;
import com.datastax.oss.driver.internal.core.metadata.DefaultEndPoint;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryTest {
  private static final EndPoint END_POINT =
      new DefaultEndPoint(InetSocketAddress.createUnresolved("node", 9042));
  private static final SimpleStatement STATEMENT = SimpleStatement.newInstance("INSERT");
  private static final RetryPolicy PATIENT =
      new RetryPolicy(RetryPolicy.UNLIMITED, Duration.ofMillis(1), Duration.ofMillis(2));

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

  @AfterEach
  void stopTimer() {
    timer.shutdownNow();
  }

  static Stream<Throwable> passingErrors() {
    return Stream.of(
        new DriverTimeoutException("slow"),
        new WriteTimeoutException(
            null, DefaultConsistencyLevel.LOCAL_QUORUM, 1, 2, DefaultWriteType.SIMPLE),
        new UnavailableException(null, DefaultConsistencyLevel.LOCAL_QUORUM, 2, 1),
        new OverloadedException(null, "busy"),
        new ClosedConnectionException("gone"),
        new HeartbeatException(new InetSocketAddress(1), "no answer", null),
        new NoNodeAvailableException(),
        new ConnectException("refused"),
        new CompletionException(new DriverTimeoutException("slow")));
  }

  static Stream<Throwable> lastingErrors() {
    return Stream.of(
        new InvalidQueryException(null, "unconfigured table"),
        new SyntaxError(null, "no viable alternative"),
        new UnauthorizedException(null, "no MODIFY permission"),
        new AuthenticationException(END_POINT, "wrong password"),
        new CodecNotFoundException(DataTypes.INT, GenericType.STRING),
        new IllegalArgumentException("anything unknown"));
  }

  @ParameterizedTest
  @MethodSource("passingErrors")
  void whatPassesWithTimeIsRetriedWithoutEnd(Throwable error) {
    assertThat(FailureKind.of(error)).isEqualTo(FailureKind.TRANSIENT);
    assertThat(PATIENT.shouldRetry(error, 1_000_000)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("lastingErrors")
  void whatLastsIsNeverRetried(Throwable error) {
    assertThat(FailureKind.of(error)).isEqualTo(FailureKind.PERMANENT);
    assertThat(PATIENT.shouldRetry(error, 0)).isFalse();
  }

  @Test
  void anErrorInsideOfCassandraIsRetriedAFewTimes() {
    Throwable error = new ServerError(null, "java.lang.NullPointerException");
    assertThat(PATIENT.shouldRetry(error, 9)).isTrue();
    assertThat(PATIENT.shouldRetry(error, 10)).isFalse();
  }

  @Test
  void oneNodeThatMayRecoverIsReasonEnoughToRetry() {
    assertThat(FailureKind.of(allFailed(new UnauthorizedException(null, "no"))))
        .isEqualTo(FailureKind.PERMANENT);
    assertThat(
            FailureKind.of(
                allFailed(
                    new UnauthorizedException(null, "no"), new DriverTimeoutException("slow"))))
        .isEqualTo(FailureKind.TRANSIENT);
  }

  private static AllNodesFailedException allFailed(Throwable... errors) {
    return AllNodesFailedException.fromErrors(
        Stream.of(errors).map(error -> Map.entry(node(), error)).toList());
  }

  /** A node with nothing but an identity. */
  private static Node node() {
    Object identity = new Object();
    return (Node)
        Proxy.newProxyInstance(
            Node.class.getClassLoader(),
            new Class<?>[] {Node.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "hashCode" -> identity.hashCode();
                  case "equals" -> proxy == arguments[0];
                  default -> identity.toString();
                });
  }

  @Test
  void theNumberOfRetriesIsBounded() {
    RetryPolicy policy = new RetryPolicy(2, Duration.ofMillis(1), Duration.ofMillis(1));
    assertThat(policy.shouldRetry(new DriverTimeoutException(""), 1)).isTrue();
    assertThat(policy.shouldRetry(new DriverTimeoutException(""), 2)).isFalse();
  }

  @Test
  void theWaitDoublesUpToTheLongestAndIsHalfRandom() {
    RetryPolicy policy = new RetryPolicy(-1, Duration.ofMillis(100), Duration.ofSeconds(2));
    for (int i = 0; i < 200; i++) {
      assertThat(policy.backoffMillis(0)).isBetween(50L, 100L);
      assertThat(policy.backoffMillis(3)).isBetween(400L, 800L);
      assertThat(policy.backoffMillis(1000)).isBetween(1000L, 2000L);
    }
    assertThat(IntStream.range(0, 50).mapToLong(i -> policy.backoffMillis(3)).distinct().count())
        .isGreaterThan(5);
  }

  private RetryingExecutor executor(
      List<CompletionStage<AsyncResultSet>> answers, AtomicInteger retries) {
    AtomicInteger calls = new AtomicInteger();
    return new RetryingExecutor(
        statement -> answers.get(Math.min(calls.getAndIncrement(), answers.size() - 1)),
        PATIENT,
        timer,
        error -> retries.incrementAndGet());
  }

  @Test
  void aRequestIsRepeatedUntilItSucceeds() throws Exception {
    AtomicInteger retries = new AtomicInteger();
    CompletionStage<AsyncResultSet> slow =
        CompletableFuture.failedFuture(new DriverTimeoutException("slow"));
    executor(List.of(slow, slow, slow, CompletableFuture.completedFuture(null)), retries)
        .execute(STATEMENT)
        .get(10, TimeUnit.SECONDS);
    assertThat(retries).hasValue(3);
  }

  @Test
  void aRequestThatCannotSucceedFailsAtOnceWithItsOwnError() {
    AtomicInteger retries = new AtomicInteger();
    CompletableFuture<AsyncResultSet> result =
        executor(List.of(CompletableFuture.failedFuture(new SyntaxError(null, "bad"))), retries)
            .execute(STATEMENT);
    assertThatThrownBy(result::get).hasCauseInstanceOf(SyntaxError.class);
    assertThat(retries).hasValue(0);
  }

  @Test
  void nothingIsRetriedAfterTheEnd() {
    AtomicInteger retries = new AtomicInteger();
    RetryingExecutor executor =
        executor(
            List.of(CompletableFuture.failedFuture(new DriverTimeoutException("slow"))), retries);
    executor.close();
    assertThat(executor.execute(STATEMENT)).isCompletedExceptionally();
    assertThat(retries).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unconfigured table events",
        "table events does not exist",
        "Table shop.events does not exist",
        "keyspace shop does not exist",
        "Keyspace shop doesn't exist",
        "Undefined column name weight in table shop.events",
        "Unknown identifier weight"
      })
  void whatIsGoneIsNoFaultOfARow(String message) {
    Throwable error = new InvalidQueryException(null, message);
    assertThat(FailureKind.isOfTarget(error)).isTrue();
    assertThat(FailureKind.isOfTarget(new CompletionException(error))).isTrue();
    assertThat(FailureKind.of(error)).isEqualTo(FailureKind.PERMANENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Key may not be empty",
        "Key length of 70000 is longer than maximum of 65535",
        "Invalid null value in condition for column table",
        "Expected 4 or 0 byte int (8)"
      })
  void whatIsInARowIsItsFault(String message) {
    assertThat(FailureKind.isOfTarget(new InvalidQueryException(null, message))).isFalse();
  }

  @Test
  void aRightThatWasTakenAwayIsNoFaultOfARow() {
    assertThat(FailureKind.isOfTarget(new UnauthorizedException(null, "no MODIFY"))).isTrue();
    assertThat(FailureKind.isOfTarget(new ConnectException("away"))).isFalse();
  }
}
